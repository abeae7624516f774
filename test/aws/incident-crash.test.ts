import { describe, expect, it } from 'vitest';
import type { IncidentStore } from '../../shared/aws/incident-store.ts';
import type { AlertPublisher } from '../../shared/aws/outbox.ts';
import type { IncidentKey } from '../../shared/domain/incident.ts';
import type { Observation } from '../../shared/domain/incident-lifecycle.ts';
import type { TaskPlace } from '../../shared/domain/incident-place.ts';
import { createLab, Killed, type Lab, wrapped } from '../support/incident-lab.ts';
import { at, serviceKey, stop } from '../support/incidents.ts';

type Around = (name: string, work: () => Promise<unknown>) => Promise<unknown>;
type Through = { readonly store: IncidentStore; readonly publisher: AlertPublisher };

/** One invocation: events, then whatever is due. It is delivered again when it was killed. */
type Invocation = {
  readonly minute: number;
  readonly events: readonly (readonly [key: IncidentKey, observations: readonly Observation[]])[];
};

async function invoke(lab: Lab, { minute, events }: Invocation, around?: Around): Promise<void> {
  const through: Through =
    around === undefined
      ? lab
      : { store: wrapped(lab.store, around), publisher: wrapped(lab.publisher, around) };
  for (const [key, observations] of events) {
    const updated = await lab.observe(key, at(minute), observations, through.store);
    if (updated.kind === 'contended') throw new Error('it is delivered again');
  }
  const report = await lab.publish(at(minute), through);
  const [failure] = report.failed;
  if (failure !== undefined) throw failure.error;
}

const worker = serviceKey('worker');
const three = (name: string, minute: number, severity: 'warn' | 'critical' = 'warn') =>
  ['a', 'b', 'c'].map((id, index) => stop(`${name}-${minute}-${id}`, minute + index / 2, severity));
const well = (minute: number): Observation => ({
  type: 'well',
  atMs: at(minute),
  reason: 'steady',
});
const worsened = (minute: number): Observation => ({
  type: 'worsened',
  atMs: at(minute),
  severity: 'critical',
});
const event = (minute: number, ...observations: readonly Observation[]): Invocation => ({
  minute,
  events: [[worker, observations]],
});
const sweep = (minute: number): Invocation => ({ minute, events: [] });

const names = ['s0', 's1', 's2', 's3', 's4'];
const each = (
  minute: number,
  observations: (name: string) => readonly Observation[],
): Invocation => ({
  minute,
  events: names.map((name) => [serviceKey(name), observations(name)]),
});

/** Four services with a cause each, all of them on one instance of ten. */
const causes = ['out-of-memory', 'image-pull', 'agent', 'killed'];
const onHost = names.slice(0, 4).map((name, n) => serviceKey(name, { cause: causes[n] ?? '' }));
const stopsOn = (instance: string, name: string, minute: number): readonly Observation[] =>
  ['a', 'b', 'c'].map((id, index) => ({
    type: 'occurred',
    occurrence: {
      id: `${name}-${minute}-${id}`,
      atMs: at(minute + index / 2),
      facts: { instance },
    },
    severity: 'critical',
  }));

type Story = {
  readonly invocations: readonly Invocation[];
  /** What a receiver has to be told, each once; repeats of the same id apart. */
  readonly told: readonly string[];
  /** Where tasks run meanwhile. */
  readonly running?: readonly TaskPlace[];
};

const loopStory: Story = {
  invocations: [
    event(1, ...three('x', 0)),
    sweep(6),
    event(10, worsened(7), worsened(10)),
    sweep(13),
    event(30, well(12), well(30)),
    event(50, ...three('y', 48)),
    sweep(55),
    event(80, well(60), well(80)),
  ],
  told: [
    'worker: open warn',
    'worker: escalate critical',
    'worker: resolve critical',
    'worker: open warn',
    'worker: resolve warn',
  ],
};

const stories: Readonly<Record<string, Story>> = {
  'a crash loop that is told, gets worse and ends': loopStory,
  'a storm over five services, one of which had paged': {
    invocations: [
      { minute: 1, events: [[serviceKey('s0'), three('s0', 0, 'critical')]] },
      sweep(2),
      {
        minute: 4.5,
        events: names.slice(1).map((name) => [serviceKey(name), three(name, 3, 'critical')]),
      },
      sweep(8),
      each(30, () => [well(10), well(30)]),
      sweep(33),
      sweep(39),
    ],
    told: [
      's0: open critical',
      'prod: open critical',
      's0: resolve critical',
      'prod: resolve critical',
    ],
  },
  'a bad instance under four services, one of which had paged': {
    running: Array.from({ length: 54 }, (_, n) => ({
      owner: `service/other-${n}`,
      instance: `i-${2 + (n % 9)}`,
      zone: undefined,
    })),
    invocations: [
      { minute: 1, events: onHost.slice(0, 1).map((key) => [key, stopsOn('i-1', 's0', 0)]) },
      sweep(2),
      {
        minute: 4.5,
        events: onHost.slice(1).map((key) => [key, stopsOn('i-1', key.subject.name, 3)]),
      },
      sweep(8),
      { minute: 12, events: onHost.slice(3).map((key) => [key, stopsOn('i-5', 's3', 10)]) },
      sweep(14),
      { minute: 40, events: onHost.map((key) => [key, [well(20), well(40)]]) },
      sweep(43),
      sweep(49),
    ],
    told: [
      's0: open critical',
      'i-1: open critical',
      's3: open critical',
      's0: resolve critical',
      's3: resolve critical',
      'i-1: resolve critical',
    ],
  },
};

/** Runs a story that is killed at one step of one invocation, and returns whether it got there. */
async function killAt(
  story: Story,
  victim: number,
  step: number,
): Promise<{ readonly lab: Lab; readonly wasKilled: boolean }> {
  const lab = createLab();
  await lab.settle(at(-60));
  lab.running.push(...(story.running ?? []));
  let wasKilled = false;
  for (const [index, invocation] of story.invocations.entries()) {
    let steps = 0;
    const around: Around = async (_, work) => {
      if (wasKilled) throw new Killed('it is dead already');
      steps += 1;
      if (index !== victim || steps !== step) return await work();
      await work();
      wasKilled = true;
      throw new Killed(`after step ${step}`);
    };
    try {
      await invoke(lab, invocation, index === victim ? around : undefined);
    } catch (error) {
      if (!wasKilled) throw error;
      // What SQS does at once, and what the next sweep does once the dead hand has let go.
      await invoke(lab, invocation);
      await invoke(lab, sweep(invocation.minute + 1.1));
    }
  }
  return { lab, wasKilled };
}

/** Every transition at least once, repeats only under the same id, and in order within a thread. */
function expectTold(lab: Lab, story: Story): void {
  expect([...lab.distinct()].sort()).toEqual([...story.told].sort());
  const whatById = new Map<string, string>();
  for (const { id, what } of lab.received) {
    expect(whatById.get(id) ?? what).toBe(what);
    whatById.set(id, what);
  }
  const sequences = [...whatById.keys()].map((id) => id.split('#'));
  for (const [thread] of sequences) {
    const own = sequences.filter(([id]) => id === thread).map(([, sequence]) => Number(sequence));
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
}

describe.each(Object.entries(stories))('%s', (_, story) => {
  it('is told once each, undisturbed', async () => {
    const { lab } = await killAt(story, -1, 0);
    expectTold(lab, story);
    expect(lab.received).toHaveLength(story.told.length);
    expect(lab.account.problems).toEqual([]);
  });

  it('survives a kill between any two reads, writes and publications', async () => {
    let [kills, repeats] = [0, 0];
    for (const victim of story.invocations.keys()) {
      for (let step = 1; step <= 500; step += 1) {
        const { lab, wasKilled } = await killAt(story, victim, step);
        if (!wasKilled) break;
        kills += 1;
        expectTold(lab, story);
        repeats += lab.received.length - story.told.length;
        expect((await lab.store.list()).incidents.flatMap(({ outbox }) => outbox)).toEqual([]);
      }
    }
    expect(kills).toBeGreaterThan(50);
    // One message in the hand of who died is repeated at most: the documented window.
    expect(repeats).toBeLessThanOrEqual(kills);
    expect(repeats).toBeGreaterThan(0);
  }, 60_000);
});

it('one answer that is lost, at any call to the table, changes nothing', async () => {
  const story = loopStory;
  for (let victim = 1, goesOn = true; goesOn; victim += 1) {
    const lab = createLab();
    await lab.settle(at(-60));
    const before = lab.account.calls.length;
    lab.account.intercept = () =>
      lab.account.calls.length - before === victim ? 'answer-lost' : undefined;
    for (const invocation of story.invocations) {
      await invoke(lab, invocation);
      await invoke(lab, sweep(invocation.minute + 1.1));
    }
    expectTold(lab, story);
    expect(lab.received).toHaveLength(story.told.length);
    goesOn = lab.account.calls.length - before >= victim;
  }
}, 60_000);

describe('what is told together', () => {
  /** Kills the publication at every step in turn; a minute later someone else goes on. */
  async function killEach(arrange: (lab: Lab) => Promise<void>, minute: number, told: string) {
    for (let victim = 1, goesOn = true; goesOn; victim += 1) {
      const lab = createLab();
      await arrange(lab);
      let steps = 0;
      const around: Around = async (_, work) => {
        steps += 1;
        if (steps >= victim) throw new Killed('here');
        return await work();
      };
      const through = {
        store: wrapped(lab.store, around),
        publisher: wrapped(lab.publisher, around),
      };
      await lab.publish(at(minute), through).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Killed);
      });
      for (const later of [0.5, 1.1, 2.2]) await lab.publish(at(minute + later));
      // A kill before the publication may split the digest; afterwards its repeat has its name.
      const first = lab.received.filter(
        ({ id }, index) => lab.received.findIndex((one) => one.id === id) === index,
      );
      const names = first.map(({ what }) => what.replace(`${told}=`, '').split(','));
      expect(names.flat().sort()).toEqual(['a', 'b', 'c']);
      expect(first.length).toBeLessThanOrEqual(2);
      goesOn = steps >= victim;
    }
  }

  it('by the first run is told as one, whenever it is killed', async () => {
    const arrange = async (lab: Lab) => {
      await lab.publish(at(0));
      for (const name of ['a', 'b', 'c']) {
        await lab.observe(serviceKey(name), at(1), three(name, 0));
      }
    };
    await killEach(arrange, 11, 'first-run resolved=- open');
  });

  it('by the end of a mute is told as one, whenever it is killed', async () => {
    const arrange = async (lab: Lab) => {
      await lab.settle(at(-60));
      const mute = { cluster: 'prod', service: undefined, fromMs: at(0), by: 'ada', reason: 'x' };
      await lab.store.putMute({ ...mute, untilMs: at(60) });
      for (const name of ['a', 'b', 'c']) {
        await lab.observe(serviceKey(name), at(1), three(name, 0));
        await lab.observe(serviceKey(name), at(30), [well(10), well(30)]);
      }
      await lab.publish(at(31));
    };
    await killEach(arrange, 60, 'mute-ended open=- resolved');
  });
});

/** Stops before its step `pause` until it is let go on. */
function pausing(pause: number) {
  let steps = 0;
  let isDone = false;
  let reached: () => void = () => undefined;
  let resume: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const released = new Promise<void>((resolve) => {
    resume = resolve;
  });
  const around: Around = async (_, work) => {
    steps += 1;
    if (steps === pause) {
      isDone = true;
      reached();
      await released;
    }
    return await work();
  };
  return { around, arrived, resume: () => resume(), reachedIt: () => isDone };
}

describe('two invocations at once', () => {
  const told = ['worker: escalate critical', 'worker: open warn', 'worker: resolve critical'];

  /** The same events in two hands; the second runs while the first stands still before a step. */
  async function interleave(victim: number, first: number, second: number) {
    const lab = createLab();
    await lab.settle(at(-60));
    let reached = false;
    for (const [index, invocation] of loopStory.invocations.slice(0, 5).entries()) {
      if (index !== victim) {
        await invoke(lab, invocation);
        continue;
      }
      const [a, b] = [pausing(first), pausing(second)];
      const runA = invoke(lab, invocation, a.around);
      await Promise.race([a.arrived, runA]);
      const runB = invoke(lab, invocation, b.around);
      await Promise.race([b.arrived, runB]);
      a.resume();
      await runA;
      b.resume();
      await runB;
      reached = a.reachedIt() && b.reachedIt();
    }
    return { lab, reached };
  }

  it.each([0, 1, 2, 3, 4])(
    'tell everything, and nothing twice: invocation %i',
    async (victim) => {
      let pairs = 0;
      for (let first = 1, hasReached = true; hasReached; first += 1) {
        hasReached = false;
        for (let second = 1, goesOn = true; goesOn; second += 1) {
          const { lab, reached } = await interleave(victim, first, second);
          expect([...lab.distinct()].sort()).toEqual(told);
          // Nobody died, so nothing is repeated.
          expect(lab.received).toHaveLength(told.length);
          goesOn = reached;
          hasReached ||= reached;
          pairs += Number(reached);
        }
      }
      expect(pairs).toBeGreaterThan(10);
    },
    60_000,
  );
});

describe('two who fold at once', () => {
  const story = stories['a bad instance under four services, one of which had paged'];

  /** Both do the same invocation; the first stands still before a step until the second is done. */
  async function playTwice(victim: number, step: number) {
    const lab = createLab();
    await lab.settle(at(-60));
    lab.running.push(...(story?.running ?? []));
    const first = pausing(step);
    for (const [index, invocation] of (story?.invocations ?? []).entries()) {
      if (index !== victim) {
        await invoke(lab, invocation);
        continue;
      }
      const done = invoke(lab, invocation, first.around);
      await Promise.race([first.arrived, done]);
      await invoke(lab, invocation);
      first.resume();
      await done;
    }
    return { lab, reached: first.reachedIt() };
  }

  it.each([2, 4])(
    'fold into one, and tell it once: invocation %i',
    async (victim) => {
      let pauses = 0;
      for (let step = 1, goesOn = true; goesOn; step += 1) {
        const { lab, reached } = await playTwice(victim, step);
        expect([...lab.distinct()].sort()).toEqual([...(story?.told ?? [])].sort());
        expect(lab.received).toHaveLength(6);
        goesOn = reached;
        pauses += Number(reached);
      }
      expect(pauses).toBeGreaterThan(5);
    },
    60_000,
  );
});

describe('one publication that fails', () => {
  it('does not hold up the others, and is tried again', async () => {
    const lab = createLab();
    await lab.settle(at(-60));
    for (const name of ['a', 'b', 'c']) {
      await lab.observe(serviceKey(name), at(1), three(name, 0));
    }
    const publisher: AlertPublisher = {
      publish: async (alert) => {
        if (alert.attributes.service === 'b') throw new Error('refused');
        await lab.publisher.publish(alert);
      },
    };
    const report = await lab.publish(at(6), { publisher });
    expect(report.failed).toMatchObject([{ error: { message: 'refused' } }]);
    expect(lab.distinct()).toEqual(['a: open warn', 'c: open warn']);
    await lab.publish(at(7));
    expect(lab.distinct()).toHaveLength(3);
  });
});
