import { describe, expect, it } from 'vitest';
import type { IncidentStore } from '../../shared/aws/incident-store.ts';
import { type AlertPublisher, endMute, publishDaily } from '../../shared/aws/outbox.ts';
import { createTopicPublisher, PartlySentError } from '../../shared/aws/topic-publisher.ts';
import type { Digest } from '../../shared/domain/digest.ts';
import type { Severity } from '../../shared/domain/incident.ts';
import type { Observation } from '../../shared/domain/incident-lifecycle.ts';
import type { Mute } from '../../shared/domain/mute.ts';
import { alertOf, createLab, digestAlert, type Lab } from '../support/incident-lab.ts';
import { at, keyOf, serviceKey, stop } from '../support/incidents.ts';

async function openLab(): Promise<Lab> {
  const lab = createLab();
  await lab.settle(at(-60));
  return lab;
}

const loop = (lab: Lab, name: string, minute: number, severity: Severity = 'warn') =>
  lab.observe(
    serviceKey(name),
    at(minute),
    ['a', 'b', 'c'].map((id) => stop(`${name}-${minute}-${id}`, minute, severity)),
  );
const recover = (lab: Lab, name: string, minute: number) =>
  lab.observe(serviceKey(name), at(minute), [
    { type: 'well', atMs: at(minute - 15), reason: 'steady' },
    { type: 'well', atMs: at(minute), reason: 'steady' },
  ]);
const digestDeps = ({ store, publisher }: Lab) => ({
  store,
  publisher,
  render: alertOf,
  renderDigest: digestAlert,
});

/** Stops in an order that mixes the services; every fifth comes twice. */
function stormDeliveries() {
  const stops = Array.from({ length: 500 }, (_, index) => ({
    name: `s${(index * 7) % 40}`,
    id: `task-${index}`,
    atMinute: ((index * 37) % 500) / 500,
  }));
  return stops.flatMap((one, index) => (index % 5 === 0 ? [one, one] : [one]));
}

/** The look of a sweep at every one of the 40 services. */
const seeAll = async (lab: Lab, minute: number, see: (name: string) => Promise<unknown>) => {
  for (let service = 0; service < 40; service += 1) await see(`s${service}`);
  await lab.publish(at(minute));
};

describe('a pager that cannot be reached', () => {
  /** One line a message, as each topic got it, and whether the Pages topic takes any. */
  function topicsOf(): { readonly publisher: AlertPublisher; got: string[]; isPagerDown: boolean } {
    const topics = {
      got: [] as string[],
      isPagerDown: true,
      publisher: createTopicPublisher(async (topic, { id }) => {
        if (topic === 'pages' && topics.isPagerDown) throw new Error('no pager');
        topics.got.push(`${topic} ${id.split('#')[1]}`);
      }),
    };
    return topics;
  }

  it('leaves the channel its alert, once; back again it gets the page, once', async () => {
    const lab = await openLab();
    const topics = topicsOf();
    await loop(lab, 'web', 0, 'critical');
    for (let minute = 1; minute < 10; minute += 1) {
      const { failed } = await lab.publish(at(minute), topics);
      for (const { error } of failed) expect(error).toBeInstanceOf(PartlySentError);
    }
    expect(topics.got).toEqual(['alerts 1']);
    topics.isPagerDown = false;
    for (let minute = 10; minute < 15; minute += 1) await lab.publish(at(minute), topics);
    expect(topics.got).toEqual(['alerts 1', 'pages 1']);
  });

  it('does not keep the end from the channel either', async () => {
    const lab = await openLab();
    const topics = topicsOf();
    await loop(lab, 'web', 0, 'critical');
    for (let minute = 1; minute < 6; minute += 1) await lab.publish(at(minute), topics);
    await recover(lab, 'web', 60);
    for (let minute = 60; minute < 66; minute += 1) await lab.publish(at(minute), topics);
    expect(topics.got).toEqual(['alerts 1', 'alerts 2']);
    topics.isPagerDown = false;
    for (let minute = 66; minute < 70; minute += 1) await lab.publish(at(minute), topics);
    expect(topics.got).toEqual(['alerts 1', 'alerts 2', 'pages 2']);
  });
});

describe('a storm of 500 stops over 40 services within a minute', () => {
  it('sends one page and at most five cards, whatever is delivered when', async () => {
    const lab = await openLab();
    for (const [index, { name, id, atMinute }] of stormDeliveries().entries()) {
      const severity = index % 3 === 0 ? 'critical' : 'warn';
      await lab.observe(serviceKey(name), at(1), [stop(id, atMinute, severity)]);
      if (index % 60 === 59) await lab.publish(at(1));
    }
    for (let minute = 2; minute < 20; minute += 1) {
      const worse: Observation = { type: 'worsened', atMs: at(minute), severity: 'critical' };
      await seeAll(lab, minute, (name) => lab.observe(serviceKey(name), at(minute), [worse]));
    }
    expect(lab.received.map(({ what }) => what)).toEqual(['prod: open critical']);
    await seeAll(lab, 61, (name) => recover(lab, name, 60));
    for (const minute of [66, 67]) await lab.publish(at(minute));
    // The update counts the services that came after the first message.
    expect(lab.distinct()).toEqual([
      'prod: open critical',
      'prod: update critical',
      'prod: resolve critical',
    ]);
    expect(lab.received.filter(({ isPage }) => isPage)).toHaveLength(2);
    const { incidents } = await lab.store.list();
    expect(incidents.reduce((sum, one) => sum + (one.kind === 'storm' ? 0 : one.count), 0)).toBe(
      500,
    );
    expect(incidents.find(({ kind }) => kind === 'storm')?.count).toBe(40);
    expect(incidents.every(({ status }) => status === 'resolved')).toBe(true);
  }, 30_000);

  it('over six minutes the first may page before the storm is seen, and each page is closed', async () => {
    const lab = await openLab();
    for (let service = 0; service < 10; service += 1) {
      const minute = service * 1.2;
      await loop(lab, `s${service}`, minute, 'critical');
      await lab.publish(at(minute + 1.1));
    }
    const pages = () => lab.received.filter(({ isPage }) => isPage).map(({ what }) => what);
    expect(pages()).toEqual([
      's0: open critical',
      's1: open critical',
      's2: open critical',
      's3: open critical',
      'prod: open critical',
    ]);
    for (let service = 0; service < 10; service += 1) await recover(lab, `s${service}`, 60);
    for (const minute of [60, 66]) await lab.publish(at(minute));
    expect(pages().slice(5).sort()).toEqual([
      'prod: resolve critical',
      's0: resolve critical',
      's1: resolve critical',
      's2: resolve critical',
      's3: resolve critical',
    ]);
  });

  it('a list that does not show the storm yet gives no member its voice back', async () => {
    const lab = await openLab();
    for (let service = 0; service < 5; service += 1) await loop(lab, `s${service}`, 0);
    await lab.publish(at(1));
    const lagging: IncidentStore = {
      ...lab.store,
      list: async () => {
        const list = await lab.store.list();
        return { ...list, incidents: list.incidents.filter(({ kind }) => kind !== 'storm') };
      },
    };
    // Two are left: too few to be a storm of their own.
    for (const name of ['s0', 's1', 's2']) await recover(lab, name, 20);
    for (const minute of [21, 22]) await lab.publish(at(minute), { store: lagging });
    await lab.publish(at(23));
    expect(lab.distinct()).toEqual(['prod: open warn']);
  });

  it('a member whose storm ended without it speaks for itself again', async () => {
    const lab = await openLab();
    for (let service = 0; service < 5; service += 1) await loop(lab, `s${service}`, 0);
    await lab.publish(at(1));
    const { incidents } = await lab.store.list();
    const storm = incidents.find(({ kind }) => kind === 'storm');
    if (storm === undefined) throw new Error('there is a storm');
    await lab.observe(storm, at(2), [{ type: 'superseded', atMs: at(2) }]);
    await lab.publish(at(3));
    await lab.publish(at(4));
    // The five of them are a burst still: they are told together again, in the same thread.
    const told = lab.received.map(({ what }) => what);
    expect(told).toContain('prod: open warn');
    expect(told.length).toBeGreaterThan(1);
  });
});

describe('mutes', () => {
  const mute: Mute = {
    cluster: 'prod',
    service: 'worker',
    fromMs: at(0),
    untilMs: at(60),
    by: 'ada',
    reason: 'load test',
  };

  it('silence messages, not the record: what is still open is told when they end', async () => {
    const lab = await openLab();
    await lab.store.putMute(mute);
    await loop(lab, 'worker', 1, 'critical');
    expect(await lab.publish(at(10))).toMatchObject({ postponed: 1, published: [] });
    expect(await lab.publish(at(59))).toMatchObject({ postponed: 0 });
    expect(await lab.store.get(keyOf())).toMatchObject({ status: 'open', count: 3 });
    await lab.publish(at(60));
    expect(lab.distinct()).toEqual(['worker: open critical']);
  });

  it('what came and went meanwhile is told in one line', async () => {
    const lab = await openLab();
    const whole = { ...mute, service: undefined };
    await lab.store.putMute(whole);
    for (const name of ['a', 'b', 'c']) {
      await loop(lab, name, 1);
      await lab.publish(at(7));
      await recover(lab, name, 30);
    }
    await lab.publish(at(31));
    expect(lab.received).toEqual([]);
    await lab.publish(at(61));
    expect(lab.distinct()).toEqual(['mute-ended open=- resolved=a,b,c']);
    await lab.publish(at(62));
    expect(lab.received).toHaveLength(1);
  });

  it('let the end of what was told through, so that no page stays open', async () => {
    const lab = await openLab();
    await loop(lab, 'worker', 1, 'critical');
    await lab.publish(at(2));
    await lab.store.putMute(mute);
    await recover(lab, 'worker', 30);
    await lab.publish(at(31));
    expect(lab.distinct()).toEqual(['worker: open critical', 'worker: resolve critical']);
  });

  it('that are ended early let go what they held', async () => {
    const lab = await openLab();
    await lab.store.putMute(mute);
    await loop(lab, 'worker', 1);
    await lab.publish(at(7));
    await endMute(lab.store, mute, at(20));
    await lab.publish(at(20));
    expect(lab.distinct()).toEqual(['worker: open warn']);
  });

  it.each(['ends by itself', 'is ended early'])(
    'a shorter one in the place of a longer one %s: what both held is told',
    async (way) => {
      const lab = await openLab();
      await lab.store.putMute({ ...mute, untilMs: at(7 * 24 * 60) });
      await loop(lab, 'worker', 1, 'critical');
      await lab.publish(at(10));
      const shorter = { ...mute, fromMs: at(15), untilMs: at(75) };
      await lab.store.putMute(shorter);
      await lab.publish(at(20));
      expect(lab.distinct()).toEqual([]);
      if (way === 'is ended early') await endMute(lab.store, shorter, at(30));
      await lab.publish(way === 'is ended early' ? at(30) : at(75));
      expect(lab.distinct()).toEqual(['worker: open critical']);
    },
  );

  it('ended early leave alone what others hold', async () => {
    const lab = await openLab();
    await lab.store.putMute(mute);
    await lab.store.putMute({ ...mute, service: 'api' });
    await loop(lab, 'api', 1);
    await lab.publish(at(7));
    await endMute(lab.store, mute, at(20));
    await lab.publish(at(20));
    expect(lab.distinct()).toEqual([]);
  });

  it('of each service alone leave no storm to wake somebody for', async () => {
    const lab = await openLab();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const service of names) await lab.store.putMute({ ...mute, service });
    for (const name of names) await loop(lab, name, 1, 'critical');
    for (const minute of [2, 7, 12]) await lab.publish(at(minute));
    expect(lab.distinct()).toEqual([]);
  });

  it('do not concern other services', async () => {
    const lab = await openLab();
    await lab.store.putMute(mute);
    await loop(lab, 'api', 1);
    await lab.publish(at(7));
    expect(lab.distinct()).toEqual(['api: open warn']);
  });
});

describe('the first run', () => {
  it('tells what it found as one, then everything as usual', async () => {
    const lab = createLab();
    expect(await lab.publish(at(0))).toMatchObject({ isListening: true });
    for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
      await loop(lab, name, index * 2.5, 'critical');
      expect(await lab.publish(at(index * 2.5))).toMatchObject({ isListening: true });
    }
    await lab.publish(at(10));
    expect(lab.distinct()).toEqual(['first-run resolved=- open=a,b,c,d']);
    await lab.publish(at(11));
    expect(lab.received).toHaveLength(1);
    const { incidents } = await lab.store.list();
    expect(incidents.map(({ told }) => told?.onlyInDigest)).toEqual([true, true, true, true]);
    await loop(lab, 'e', 20);
    await recover(lab, 'a', 40);
    await lab.publish(at(40));
    expect(lab.distinct().slice(1).sort()).toEqual(['a: resolve critical', 'e: open warn']);
  });

  it('goes on where it was when the digest could not be sent', async () => {
    const lab = createLab();
    await lab.publish(at(0));
    await loop(lab, 'a', 1);
    const publisher = { publish: async () => Promise.reject(new Error('refused')) };
    expect((await lab.publish(at(10), { publisher })).failed).toHaveLength(1);
    await lab.publish(at(11));
    expect(lab.distinct()).toEqual(['first-run resolved=- open=a']);
  });
});

it('a digest that is repeated hides nothing new under its name', async () => {
  const lab = createLab();
  await lab.publish(at(0));
  await loop(lab, 'a', 1);
  const unmarked: IncidentStore = {
    ...lab.store,
    save: async (incident, version) =>
      incident.told === undefined && (await lab.store.save(incident, version)),
  };
  await lab.publish(at(10), { store: unmarked });
  await loop(lab, 'b', 11);
  await lab.publish(at(11.5));
  const digests = lab.received.map(({ id, what }) => ({ id, what }));
  expect(digests.map(({ what }) => what)).toEqual([
    'first-run resolved=- open=a',
    'first-run resolved=- open=a',
    'first-run resolved=- open=b',
  ]);
  expect(digests[1]?.id).toBe(digests[0]?.id);
  expect(digests[2]?.id).not.toBe(digests[0]?.id);
});

describe('the daily digest', () => {
  it('names what is open and what ended, and what ended only once', async () => {
    const lab = await openLab();
    await loop(lab, 'a', 0);
    await loop(lab, 'b', 0);
    await lab.publish(at(6));
    await recover(lab, 'b', 30);
    await lab.publish(at(31));
    const told = lab.received.length;
    await publishDaily(digestDeps(lab), '2026-11-20', at(300));
    await publishDaily(digestDeps(lab), '2026-11-21', at(1740));
    expect(lab.received.slice(told).map(({ id, what }) => `${id} ${what}`)).toEqual([
      'daily#prod#2026-11-20 daily open=a resolved=b',
      'daily#prod#2026-11-21 daily open=a resolved=-',
    ]);
  });

  it('is silent when there is nothing to say', async () => {
    const lab = await openLab();
    await publishDaily(digestDeps(lab), '2026-11-20', at(300));
    expect(lab.received).toEqual([]);
  });

  it('lets go of an end that it has nothing to say of', async () => {
    const lab = await openLab();
    const key = serviceKey('web', { kind: 'rollback', cause: 'rollback', deploymentId: undefined });
    const facts = { mode: 'observe', reason: 'latency-regression' };
    const occurrence = { id: 'first/POST_TEST_TRAFFIC_SHIFT', atMs: at(0), facts };
    await lab.observe(key, at(0), [{ type: 'occurred', occurrence, severity: 'info' }]);
    await publishDaily(digestDeps(lab), '2026-11-20', at(300));
    const deployed = { type: 'well', atMs: at(3_000), reason: 'deployed' } as const;
    await lab.observe(key, at(3_000), [deployed]);
    const told = lab.received.length;
    await publishDaily(digestDeps(lab), '2026-11-23', at(4_000));
    expect(lab.received.slice(told)).toEqual([]);
    expect((await lab.store.list()).incidents).toEqual([]);
  });

  it('tells each rollback that was only watched once, also one of the minute before it', async () => {
    const lab = await openLab();
    await loop(lab, 'a', 0);
    const key = serviceKey('web', { kind: 'rollback', cause: 'rollback', deploymentId: undefined });
    const watched: Observation = {
      type: 'occurred',
      occurrence: {
        id: 'first/POST_TEST_TRAFFIC_SHIFT',
        atMs: at(301),
        facts: { mode: 'observe', reason: 'latency-regression' },
      },
      severity: 'info',
    };
    await lab.observe(key, at(301), [watched, { type: 'well', atMs: at(301), reason: 'deployed' }]);
    const told: string[] = [];
    const renderDigest = (digest: Digest) => {
      const { shown } = digest.wouldHave;
      told.push(`${digest.id} ${shown.map(({ action, count }) => `${action} x${count}`)}`);
      return digestAlert(digest);
    };
    const deps = { ...digestDeps(lab), renderDigest };
    await publishDaily(deps, '2026-11-20', at(302));
    await publishDaily(deps, '2026-11-21', at(302 + 24 * 60));
    await publishDaily(deps, '2026-11-22', at(302 + 48 * 60));
    expect(told).toEqual([
      'daily#prod#2026-11-20 ',
      'daily#prod#2026-11-21 rolled back x1',
      'daily#prod#2026-11-22 ',
    ]);
  });
});
