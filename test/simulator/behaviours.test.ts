import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BehaviourId, behaviourIds, behaviours } from '../../simulator/behaviours.ts';
import { createWorld } from '../../simulator/world.ts';
import { balanceCases } from './behaviours/balance.ts';
import { capacityCases } from './behaviours/capacity.ts';
import { deploymentCases } from './behaviours/deployments.ts';
import { eventCases } from './behaviours/events.ts';
import { instanceCases } from './behaviours/instances.ts';
import { placementCases } from './behaviours/placement.ts';
import { requestCases } from './behaviours/requests.ts';
import { schedulerCases } from './behaviours/scheduler.ts';
import { taskCases } from './behaviours/tasks.ts';
import type { Case } from './world-lab.ts';

/** A rule without a case does not compile. */
const cases: Readonly<Record<BehaviourId, Case>> = {
  ...placementCases,
  ...capacityCases,
  ...taskCases,
  ...schedulerCases,
  ...deploymentCases,
  ...balanceCases,
  ...instanceCases,
  ...requestCases,
  ...eventCases,
};

describe.each(behaviourIds)('%s', (id) => {
  const { observe, expected } = cases[id];
  const { variants } = behaviours[id];

  it.each(variants)('%s', async (variant) => {
    expect(await observe({ [id]: variant })).toEqual(expected[variant]);
  });

  it('is what makes it so', async () => {
    // Where two variants exhaust what can happen, the world without the rule is like one of them.
    const without = JSON.stringify(await observe({ [id]: 'off' }));
    const seen = variants.map((variant) => JSON.stringify(expected[variant]));
    expect(seen.filter((one) => one !== without)).not.toEqual([]);
    if (behaviours[id].status !== 'assumed') expect(seen).not.toContain(without);
    expect(new Set(seen).size).toBe(variants.length);
  });
});

describe('the ledger', () => {
  const code = globSync('simulator/**/*.ts')
    .filter((file) => !file.endsWith('behaviours.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

  it('has a case for every rule, and no case for a rule that is gone', () => {
    expect(Object.keys(cases).sort()).toEqual([...behaviourIds].sort());
  });

  it.each(behaviourIds)('%s is asked for by the simulator', (id) => {
    expect(code).toContain(`'${id}'`);
  });

  it('names a page for every rule, and variants for what is assumed', () => {
    for (const id of behaviourIds) {
      const { source, status, variants, statement } = behaviours[id];
      expect(source, id).toMatch(/^https:\/\//);
      expect(statement, id).toMatch(/\.$/);
      if (status === 'assumed') expect(variants.length, id).toBeGreaterThanOrEqual(2);
      else expect(variants, id).toEqual(['on']);
    }
  });

  it('draws every variant of what is assumed within a few seeds, each rule by itself', () => {
    const drawn = new Map<string, Set<string>>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const variants = createWorld({ seed, startMs: 0 }).variants();
      for (const id of behaviourIds) {
        drawn.set(id, (drawn.get(id) ?? new Set()).add(variants[id]));
      }
    }
    for (const id of behaviourIds) {
      expect([...(drawn.get(id) ?? [])].sort(), id).toEqual([...behaviours[id].variants].sort());
    }
    const chosen = createWorld({ seed: 7, startMs: 0, variants: { 'scheduler-delay': '5s' } });
    const { 'scheduler-delay': delay, ...others } = chosen.variants();
    expect(delay).toBe('5s');
    expect(createWorld({ seed: 7, startMs: 0 }).variants()).toMatchObject(others);
  });

  it('refuses a variant that the rule does not have', () => {
    const variants = { 'scheduler-delay': '1min' as '1s' };
    expect(() => createWorld({ seed: 1, startMs: 0, variants })).toThrow(
      'variants.scheduler-delay must be one of 1s, 5s or off, got 1min',
    );
  });
});
