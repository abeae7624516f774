import type { Server } from 'node:http';
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeIncident, incidentBytesMax, keysOf } from '../../shared/aws/incident-item.ts';
import { type IncidentStore, listedMax } from '../../shared/aws/incident-store.ts';
import { updateIncident } from '../../shared/aws/update-incident.ts';
import type { Facts, Incident } from '../../shared/domain/incident.ts';
import { factsMax } from '../../shared/domain/incident-facts.ts';
import { occurrencesMax } from '../../shared/domain/incident-occurrences.ts';
import { digested, sent } from '../../shared/domain/incident-outbox.ts';
import type { Mute } from '../../shared/domain/mute.ts';
import { createLab, tableWithIndex } from '../support/incident-lab.ts';
import { at, createPlay, keyOf, openIncident, serviceKey, stop } from '../support/incidents.ts';

/** Marks the one message of an incident as published. */
function told(incident: Incident): Incident {
  const [notice] = incident.outbox;
  if (notice === undefined) throw new Error('there is nothing to send');
  return sent(incident, notice, incident, at(10));
}

const resolved = (): Incident => {
  const play = createPlay();
  play.see(2, stop('a', 0), stop('b', 1), stop('c', 2));
  play.change(told);
  play.see(3, { type: 'superseded', atMs: at(3) });
  return play.change(told);
};

describe('the item of an incident', () => {
  it('lies with its service, and a family of the same name lies elsewhere', () => {
    expect(keysOf(keyOf())).toEqual({
      pk: 'SERVICE#prod/worker',
      sk: 'INCIDENT#crash-loop#out-of-memory#ecs-svc/88',
    });
    expect(keysOf(keyOf({ subject: { type: 'family', name: 'worker' } })).pk).toBe(
      'FAMILY#prod/worker',
    );
    expect(keysOf(keyOf({ deploymentId: undefined })).sk).toMatch(/#-$/);
  });

  it.each<readonly [string, () => Incident, string | undefined, boolean]>([
    ['with a message to send', () => openIncident(), 'OUTBOX', false],
    ['open and told', () => told(openIncident()), 'INCIDENT', false],
    ['resolved and told', resolved, 'INCIDENT', true],
    ['resolved and in a digest', () => digested(resolved(), at(60)), undefined, true],
    [
      'only watched',
      () => ({ ...openIncident(), status: 'watching', openedAtMs: undefined, outbox: [] }),
      undefined,
      true,
    ],
  ])('%s', (_, incident, indexPk, hasTtl) => {
    const item = encodeIncident(incident());
    expect(item.indexPk?.S).toBe(indexPk);
    expect(item.ttl !== undefined).toBe(hasTtl);
  });

  it('sorts by when it is due', () => {
    expect(encodeIncident(openIncident()).indexSk?.S).toMatch(
      /^2026-11-20T03:07:00\.000Z#crash-loop-/,
    );
  });

  it('is kept 90 days after its end', () => {
    const days = (Number(encodeIncident(resolved()).ttl?.N) - at(3) / 1000) / 86_400;
    expect(days).toBe(90);
  });

  it('is bounded', () => {
    const huge = { ...openIncident(), facts: { text: 'x'.repeat(incidentBytesMax) } };
    expect(() => encodeIncident(huge)).toThrow('bound');
  });

  it('stays within its bound with as many facts and occurrences as there may be, at their longest', () => {
    const factsOf = (count: number): Facts =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `${index}`.padStart(40, 'n'),
          '€'.repeat(400),
        ]),
      );
    const name = 'n'.repeat(255);
    const play = createPlay({ ...serviceKey(name), cluster: name });
    for (let index = 0; index < 2 * occurrencesMax; index += 1) {
      const id = `${index}`.padStart(400, '€');
      const occurrence = { id, atMs: at(index), facts: factsOf(100) };
      play.see(index, { type: 'occurred', severity: 'warn', occurrence, facts: factsOf(100) });
    }
    const [notice] = play.now().outbox;
    if (notice === undefined) throw new Error('nothing to tell');
    play.change((incident) => sent(incident, notice, incident, at(130)));
    play.see(131, {
      type: 'occurred',
      severity: 'critical',
      occurrence: { id: 'x', atMs: at(131) },
    });
    const incident = play.now();
    expect(incident.occurrences).toHaveLength(occurrencesMax);
    expect(Object.keys(incident.facts)).toHaveLength(factsMax);
    expect(Object.keys(incident.told?.facts ?? {})).toHaveLength(factsMax);
    expect(() => encodeIncident(incident)).not.toThrow();
  });
});

let server: Server;
let dynamo: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  dynamo = new DynamoDBClient({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${address.port}`,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  dynamo.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function createDynaliteLab() {
  tables += 1;
  const definition = tableWithIndex(`table-${tables}`);
  await dynamo.send(new CreateTableCommand({ ...definition, BillingMode: 'PAY_PER_REQUEST' }));
  const lab = createLab({ dynamo, tableName: definition.TableName });
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      await lab.store.get(keyOf());
      return lab;
    } catch {
      // The table is not active yet.
    }
  }
  throw new Error('the table did not become active');
}

describe.each([
  ['in the simulated account', async () => createLab()],
  ['in dynalite', createDynaliteLab],
] as const)('the store %s', (_, open) => {
  const saveNew = async (store: IncidentStore, incident: Incident) =>
    expect(await store.save(incident, 0)).toBe(true);

  it('reads what it wrote', async () => {
    const { store } = await open();
    const incident = openIncident();
    expect(await store.get(incident)).toBeUndefined();
    await saveNew(store, incident);
    expect(await store.get(incident)).toEqual(incident);
  });

  it('writes only over what was read', async () => {
    const { store } = await open();
    const incident = openIncident();
    await saveNew(store, incident);
    expect(await store.save(incident, 0)).toBe(false);
    const next = { ...incident, version: incident.version + 1 };
    expect(await store.save(next, incident.version - 1)).toBe(false);
    expect(await store.save(next, incident.version)).toBe(true);
    expect(await store.save(next, incident.version)).toBe(false);
    await expect(store.save(next, next.version)).rejects.toThrow('grows the version');
  });

  it('lists what waits to be sent, what is open and what ended lately; nothing else', async () => {
    const { store } = await open();
    const incidents = [
      openIncident(serviceKey('waits')),
      told(openIncident(serviceKey('open'))),
      { ...resolved(), subject: { type: 'service' as const, name: 'ended' } },
      digested({ ...resolved(), subject: { type: 'service', name: 'gone' } }, at(60)),
    ];
    for (const incident of incidents) await saveNew(store, incident);
    const list = await store.list();
    expect(list.incidents.map(({ subject }) => subject.name)).toEqual(['waits', 'open', 'ended']);
    expect(list.isWhole).toBe(true);
  });

  it('pages through long lists', async () => {
    const { store } = await open();
    for (let index = 0; index < 230; index += 1) {
      await saveNew(store, openIncident(serviceKey(`s${index}`)));
    }
    const { incidents, isWhole } = await store.list();
    expect([incidents.length, isWhole]).toEqual([230, true]);
  });

  it('keeps mutes, by service and by cluster, and forgets those that ended', async () => {
    const { store } = await open();
    const mute: Mute = {
      cluster: 'prod',
      service: 'worker',
      fromMs: at(0),
      untilMs: at(60),
      by: 'ada',
      reason: 'load test',
    };
    const whole = { ...mute, service: undefined, untilMs: at(90) };
    await store.putMute(mute);
    await store.putMute(whole);
    await store.putMute({ ...mute, cluster: 'stage' });
    expect(await store.listMutes('prod', at(1))).toEqual(expect.arrayContaining([mute, whole]));
    expect(await store.listMutes('prod', at(60))).toEqual([whole]);
    await store.deleteMute(whole);
    expect(await store.listMutes('prod', at(1))).toEqual([mute]);
    await expect(store.putMute({ ...mute, untilMs: at(0) })).rejects.toThrow('not a mute');
  });

  it('remembers the first run', async () => {
    const { store } = await open();
    const [a, b] = await Promise.all([store.firstRun(at(0)), store.firstRun(at(1))]);
    expect(a).toEqual(b);
    await store.endFirstRun(a, at(5));
    expect(await store.firstRun(at(9))).toEqual({ ...a, endedAtMs: at(5) });
  });

  it('loses no stop when many write at once', async () => {
    const lab = await open();
    const many = Array.from({ length: 8 }, (_, index) =>
      lab.observe(keyOf(), at(5), [stop(`t${index}`, index / 4)]),
    );
    const kinds = (await Promise.all(many)).map(({ kind }) => kind);
    expect(kinds).toEqual(many.map(() => 'saved'));
    expect(await lab.store.get(keyOf())).toMatchObject({ count: 8, status: 'open', sequence: 1 });
  });

  it('plays the whole life of an incident', async () => {
    const lab = await open();
    await lab.settle(at(-60));
    await lab.observe(keyOf(), at(2), [stop('a', 0), stop('b', 1), stop('c', 2)]);
    await lab.publish(at(3));
    await lab.publish(at(8));
    await lab.observe(keyOf(), at(40), [
      { type: 'well', atMs: at(20), reason: 'steady' },
      { type: 'well', atMs: at(40), reason: 'steady' },
    ]);
    await lab.publish(at(41));
    await lab.publish(at(42));
    expect(lab.received.map(({ what }) => what)).toEqual([
      'worker: open warn',
      'worker: resolve warn',
    ]);
  });
});

describe('the store', () => {
  it('reads no more than its bound of each list, and says so', async () => {
    const { store, account } = createLab();
    for (let index = 0; index <= listedMax; index += 1) {
      await store.save(openIncident(serviceKey(`s${index}`)), 0);
    }
    const before = account.calls.length;
    const { incidents, isWhole } = await store.list();
    expect([incidents.length, isWhole]).toEqual([listedMax, false]);
    expect(account.calls.length - before).toBe(11);
  }, 20_000);

  it('an item that it cannot read silences no other', async () => {
    const { store, account } = createLab();
    await store.save(openIncident(), 0);
    const item = encodeIncident(openIncident(serviceKey('broken')));
    const broken = [
      { ...item, incident: { S: '{' } },
      { ...item, sk: { S: 'other' }, version: { N: '99' } },
    ];
    const { dynamoDb } = await import('../simulator/clients.ts').then((module) =>
      module.clientsOf(account),
    );
    for (const Item of broken) {
      await dynamoDb.send(new PutItemCommand({ TableName: 'ballast', Item }));
    }
    const { incidents, isWhole, unreadable } = await store.list();
    expect([incidents.length, isWhole, unreadable.length]).toEqual([1, false, 2]);
    await expect(store.get(serviceKey('broken'))).rejects.toThrow('not an incident');
  });

  it('a write whose answer is lost is found to be there, and nothing is counted twice', async () => {
    const lab = createLab();
    lab.account.faults.push({ operation: 'PutItem', kind: 'answer-lost', times: 1 });
    const updated = await lab.observe(keyOf(), at(1), [stop('a', 0)]);
    expect(updated).toMatchObject({ kind: 'unchanged', incident: { count: 1, version: 1 } });
  });

  it('gives up after so many conflicts, and says so', async () => {
    let reads = 0;
    const store: Pick<IncidentStore, 'get' | 'save'> = {
      get: async () => {
        reads += 1;
        return undefined;
      },
      save: async () => false,
    };
    const updated = await updateIncident(store, keyOf(), () => openIncident(), 4);
    expect([updated.kind, reads]).toEqual(['contended', 4]);
  });
});
