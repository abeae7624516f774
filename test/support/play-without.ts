import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
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
    const step = steps.get(new URL(url).searchParams.get(key) ?? '');
    if (step === undefined || !url.startsWith(`${root}${step.file}?`))
      return nextLoad(url, context);
    const source = readFileSync(fileURLToPath(url), 'utf8').replace(step.step, () => step.without);
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

/** Names of the checkers that do not hold, the step with this id being removed; none is, without one. */
async function brokenBy(run: StepRun, id = ''): Promise<readonly string[]> {
  const query = id === '' ? '' : `?${key}=${id}`;
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

const whole = new Map<string, Promise<readonly string[]>>();

/** The same of the functions as they are: each run is played once. */
function brokenByNothing(run: StepRun): Promise<readonly string[]> {
  const name = JSON.stringify(run);
  const played = whole.get(name) ?? brokenBy(run);
  whole.set(name, played);
  return played;
}

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '0' } },
  allowPositionals: true,
});

async function search(step: RemovedStep & { run: StepRun }, seeds: number) {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const run = { ...step.run, seed };
    const broken = await brokenBy(run, step.id);
    if (broken.length > 0 && (await brokenByNothing(run)).length === 0) {
      return { seed, broken, whole: [] };
    }
  }
  return { broken: [], whole: [] };
}

for (const step of removedSteps) {
  if (!('run' in step) || (positionals.length > 0 && !positionals.includes(step.id))) continue;
  const seeds = Number(values.seeds);
  const found =
    seeds > 0
      ? await search(step, seeds)
      : { broken: await brokenBy(step.run, step.id), whole: await brokenByNothing(step.run) };
  process.stdout.write(`${JSON.stringify({ id: step.id, ...found })}\n`);
}
