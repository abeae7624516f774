import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGateStore, type GateItem } from '../../../shared/aws/gate-store.ts';
import { createIncidentStore, type IncidentStore } from '../../../shared/aws/incident-store.ts';
import { createMemoryStore, type MemoryStore } from '../../../shared/aws/memory-store.ts';
import { updateIncident } from '../../../shared/aws/update-incident.ts';
import type { Incident } from '../../../shared/domain/incident.ts';
import { claimed, digested, sent } from '../../../shared/domain/incident-outbox.ts';
import { directClient } from '../../../simulator/fast/client.ts';
import {
  createFastIncidentStore,
  createIncidentMemory,
} from '../../../simulator/fast/incident-store.ts';
import { createFastGateStore, createFastMemoryStore } from '../../../simulator/fast/stores.ts';
import { tableDefinition } from '../../../simulator/hook-session.ts';
import { createVirtualClock } from '../../../simulator/virtual-clock.ts';
import { at, createPlay, openIncident, seedOf, serviceKey, stop } from '../../support/incidents.ts';
import { accountOf, clientsOf } from '../clients.ts';

const table = tableDefinition.TableName;

/** A call and what it came to, the same for both stores. */
type Step = (store: IncidentStore) => Promise<unknown>;

const names = ['a', 'b', 'c'] as const;

/** The text of an incident: what is undefined does not come back from a table. */
const textOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

const change =
  (name: string, apply: (current: Incident) => Incident): Step =>
  (store) =>
    updateIncident(store, serviceKey(name), (current) => (current ? apply(current) : undefined));

const stepOf = (kind: number, name: string, minutes: number, expected: number): Step => {
  const key = serviceKey(name);
  switch (kind) {
    case 0: {
      const opened = openIncident(key);
      return (store) => store.save({ ...opened, version: expected + 1 }, expected);
    }
    case 1: {
      const play = createPlay(key);
      play.see(minutes, stop(`${name}-x`, minutes));
      return (store) => store.save({ ...play.now(), version: expected + 1 }, expected);
    }
    case 2:
      return change(name, (current) =>
        claimed(current, current.outbox[0]?.sequence ?? 0, at(minutes)),
      );
    case 3:
      return change(name, (current) => {
        const [notice] = current.outbox;
        return notice === undefined ? current : sent(current, notice, current, at(minutes));
      });
    case 4:
      return change(name, (current) => ({
        ...{ ...current, status: 'resolved', resolvedAtMs: at(minutes), outbox: [] },
        version: current.version + 1,
      }));
    case 5:
      return change(name, (current) => digested(current, at(minutes)));
    case 6:
      return (store) => store.list();
    case 7:
      return (store) => store.firstRun(at(minutes));
    case 8:
      return async (store) => {
        const run = await store.firstRun(at(minutes));
        await store.endFirstRun(run, at(minutes + 1));
      };
    case 9:
      return async (store) => {
        if (minutes % 2 === 0) await store.markDigestTold('2026-11-20', at(minutes));
        return await store.isDigestTold('2026-11-20');
      };
    default:
      return (store) => store.get(key);
  }
};

describe('the fast store of incidents', () => {
  it('answers every sequence of calls as the real one does, and counts the same calls', async () => {
    const step = fc.record({
      kind: fc.integer({ min: 0, max: 10 }),
      name: fc.constantFrom(...names),
      minutes: fc.integer({ min: 0, max: 60 }),
      expected: fc.integer({ min: 0, max: 3 }),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const account = accountOf({ tables: [tableDefinition] });
      const real = createIncidentStore(clientsOf(account).dynamoDb, table);
      const counted: string[] = [];
      const fast = createFastIncidentStore(createIncidentMemory(), (name) => counted.push(name));
      for (const { kind, name, minutes, expected } of steps) {
        const run = stepOf(kind, name, minutes, expected);
        expect(textOf(await run(fast))).toEqual(textOf(await run(real)));
      }
      expect(textOf(await fast.list())).toEqual(textOf(await real.list()));
      expect(counted).toEqual(account.calls.map(({ operation }) => operation));
    });
    await fc.assert(property, { numRuns: 60, ...seedOf() });
  });
});

describe('the fast store of gates', () => {
  const item = (calls: number, changes: Partial<GateItem> = {}): GateItem => ({
    ...{ deploymentArn: 'd', stage: 's', configHash: 'h', executionId: 'e' },
    ...{ config: '{}', state: `state ${calls}`, calls, startedAtMs: 5, expiresAtSeconds: 1 },
    ...changes,
  });

  it('keeps the latest call of a gate, and what earlier ones said besides, as the real one does', async () => {
    const account = accountOf({ tables: [tableDefinition] });
    const stores = [
      createGateStore(clientsOf(account).dynamoDb, table),
      createFastGateStore(new Map(), () => undefined),
    ];
    const [real, fast] = await Promise.all(
      stores.map(async (store) => {
        const saved = [
          await store.save(item(2)),
          await store.save(item(1)),
          await store.save(item(2)),
          await store.save(item(3, { answer: 'no-regression' })),
          await store.save(item(1, { configHash: 'g' })),
          await store.save(item(9, { stage: 'other' })),
          // It has answered: what comes after it is another gate, or too late.
          await store.save(item(4)),
          await store.save(item(1, { configHash: 'f', answer: 'no-regression' })),
          await store.save(item(1, { configHash: 'f', startedAtMs: 6 })),
        ];
        return [saved, await store.load('d', 's'), await store.load('nobody', 's')];
      }),
    );
    expect(fast).toEqual(real);
  });
});

describe('a client without a wire', () => {
  it('names errors as the SDK does, and notes what is not simulated', async () => {
    const account = accountOf();
    const retries = { clock: createVirtualClock(0), maxAttempts: 1 };
    const client = directClient<{ send(command: object): Promise<object> }>(
      account,
      'ssm',
      retries,
    );
    class GetParameterCommand {
      readonly input = { Name: '/none' };
    }
    class PutParameterCommand {
      readonly input = {};
    }
    await expect(client.send(new GetParameterCommand())).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    await expect(client.send(new PutParameterCommand())).rejects.toThrow('not simulated');
    expect(account.problems).toEqual(['ssm:PutParameter: the operation is not simulated']);
  });
});

describe('the fast store of memories', () => {
  it('keeps, refuses and lists what the real one does, whatever the order of writes', async () => {
    const step = fc.record({
      partition: fc.constantFrom('SERIES#prod/density', 'DRAIN#prod'),
      name: fc.constantFrom('series', 'cluster', 'series#general', 'Z'),
      json: fc.json(),
      version: fc.nat({ max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const account = accountOf({ tables: [tableDefinition] });
        const real = createMemoryStore(clientsOf(account).dynamoDb, table);
        const calls: string[] = [];
        const fast = createFastMemoryStore(new Map(), (operation) => calls.push(operation));
        for (const { partition, name, json, version } of steps) {
          const save = (store: MemoryStore) =>
            store.save({ partition, name }, json, version, at(60));
          expect(await save(fast)).toBe(await save(real));
          expect(await fast.list(partition)).toEqual(await real.list(partition));
        }
        expect(calls).toEqual(account.calls.map(({ operation }) => operation));
      }),
      { numRuns: 40 },
    );
  });
});
