import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import type { Factories } from '../../simulator/play.ts';
import { removedSteps } from './removed-steps/index.ts';
import type { RemovedStep, StepRun } from './removed-steps/step.ts';
import { smallScenarios } from './small-scenarios.ts';
import { surroundings } from './surroundings.ts';

/**
 * Plays runs from which a step is removed: the text of the step is replaced while its file is loaded.
 * Prints a line of JSON for each. With `--seeds N` it looks for the first seed from 1 to N with which
 * somebody notices; ids of steps, if any are given, are the ones to look at.
 *
 *     node test/support/play-without.ts [--seeds N] [ID...]
 */
const root = new URL('../../', import.meta.url).href;
const key = 'without';
/** What is loaded anew for each step: the functions, and what in the simulator leads to them. */
const anew = /^((functions|shared|simulator\/fast)\/|simulator\/(run|play|stack\/functions)\.ts$)/;
const steps = new Map(removedSteps.map((step) => [step.id, step]));

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const id = new URL(context.parentURL ?? root).searchParams.get(key);
    const isAnew = resolved.url.startsWith(root) && anew.test(resolved.url.slice(root.length));
    return id === null || !isAnew ? resolved : { ...resolved, url: `${resolved.url}?${key}=${id}` };
  },
  load(url, context, nextLoad) {
    const removed = (new URL(url).searchParams.get(key) ?? '')
      .split(',')
      .flatMap((id) => steps.get(id) ?? [])
      .filter(({ file }) => url.startsWith(`${root}${file}?`));
    if (removed.length === 0) return nextLoad(url, context);
    const source = removed.reduce(
      (text, { step, without }) => text.replace(step, () => without),
      readFileSync(fileURLToPath(url), 'utf8'),
    );
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});

type Run = typeof import('../../simulator/run.ts');

/** The functions as a run has them: with its changes of their environment, and in its surroundings. */
const replacing =
  ({ env = {}, around }: StepRun) =>
  (real: Factories): Factories => {
    const changed: Factories = Object.fromEntries(
      Object.entries(real).map(([name, factory]) => [
        name,
        (own, sandbox) => factory({ ...own, ...env }, sandbox),
      ]),
    );
    return around === undefined ? changed : surroundings[around](changed);
  };

/** Names of the checkers that do not hold, the steps with these ids being removed. */
async function brokenBy(run: StepRun, ids: readonly string[]): Promise<readonly string[]> {
  const query = ids.length === 0 ? '' : `?${key}=${ids.join(',')}`;
  const { runScenario }: Run = await import(`../../simulator/run.ts${query}`);
  const { scenario, seed, mode = 'fast', faults, latencyMs } = run;
  const { invariants } = await runScenario(smallScenarios[scenario], {
    ...{ seed, mode },
    ...(faults === undefined ? {} : { faults: new Set(faults) }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    replace: replacing(run),
  });
  return invariants.filter(({ isHeld }) => !isHeld).map(({ name }) => name);
}

const others = new Map<string, Promise<readonly string[]>>();

/** The same of the functions with this step in its place: each run is played once. */
function brokenBesides({ run, besides = [] }: RemovedStep): Promise<readonly string[]> {
  const name = JSON.stringify([run, besides]);
  const played = others.get(name) ?? brokenBy(run, besides);
  others.set(name, played);
  return played;
}

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '0' } },
  allowPositionals: true,
});

const brokenWithout = ({ run, id, besides = [] }: RemovedStep): Promise<readonly string[]> =>
  brokenBy(run, [id, ...besides]);

async function search(step: RemovedStep, seeds: number) {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const one = { ...step, run: { ...step.run, seed } };
    const broken = await brokenWithout(one);
    if (!broken.includes(step.checker)) continue;
    const whole = await brokenBesides(one);
    if (isDeepStrictEqual(whole, step.anyway ?? [])) return { seed, broken, whole };
  }
  return { broken: [], whole: [] };
}

for (const step of removedSteps) {
  if (positionals.length > 0 && !positionals.includes(step.id)) continue;
  const seeds = Number(values.seeds);
  const found =
    seeds > 0
      ? await search(step, seeds)
      : { broken: await brokenWithout(step), whole: await brokenBesides(step) };
  process.stdout.write(`${JSON.stringify({ id: step.id, ...found })}\n`);
}
