import { describe, expect, it } from 'vitest';
import { type RunOptions, runScenario } from '../../simulator/run.ts';
import { scenarios } from '../../simulator/scenarios/index.ts';
import { pocket } from '../support/pocket.ts';
import { regressions } from './seeds.ts';

const played = new Map([...scenarios, [pocket.name, pocket]]);
const patienceMs = 240_000;

describe('a seed that once failed', { timeout: patienceMs }, () => {
  it.each(regressions)('$scenario $seed: $what', async ({ scenario: name, seed, options }) => {
    const scenario = played.get(name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const run: RunOptions = { seed, ...options };
    const { invariants } = await runScenario(scenario, run);
    expect(invariants.filter(({ isHeld }) => !isHeld)).toEqual([]);
  });

  it('is listed once, with what was wrong', () => {
    const names = regressions.map(({ scenario, seed }) => `${scenario} ${seed}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { what } of regressions) expect(what.length).toBeGreaterThan(20);
  });
});
