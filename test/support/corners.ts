import { mutePartition } from '../../shared/aws/incident-store.ts';
import type { Arranged, Scenario, Stage } from '../../simulator/scenario.ts';
import {
  badBuilds,
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  type ServiceOptions,
  toldByJson,
} from '../../simulator/scenarios/builders.ts';
import { hourMs, minuteMs, secondMs } from '../../simulator/scenarios/time.ts';

type Common = Pick<ServiceOptions, 'subnets' | 'provider' | 'tags'>;
type At = (minutes: number, run: () => void) => void;

/** A short scenario without faults of its own, about one thing. */
function corner(
  name: string,
  sentence: string,
  arrange: (stage: Stage, common: Common, at: At) => void,
  changes: Partial<Scenario> = {},
): Scenario {
  return {
    ...{ name, sentence, days: 2.5 / 24, daysMax: 1, mode: 'fast' },
    ...{ stackMode: () => 'enforce' as const, faults: [], convergesWithinMs: 0.8 * hourMs },
    arrange(stage): Arranged {
      const subnets = createSubnets(stage);
      createManagedProvider(stage, { name: 'general', subnets });
      arrange(stage, { subnets, provider: 'general' }, (minutes, run) => {
        // Never at the very moment of a sweep.
        stage.world.schedule(stage.startMs + minutes * minuteMs + 7 * secondMs, run);
      });
      return { zones: subnets.map(({ zone }) => zone) };
    },
    ...changes,
  };
}

/** Tasks that end with an error, soon. */
const exitSoon = { afterMs: [20 * secondMs, 50 * secondMs], exitCode: 1 } as const;

/** A worker whose tasks end with an error between two minutes. */
function createLoop(
  stage: Stage,
  { name, from, to, ...common }: Common & { name: string; from: number; to: number },
  at: At,
): void {
  const worker = createWorker(stage, { ...common, name, desired: 2 });
  at(from, () => {
    const arn = worker.deploy({ health: 'broken', app: { exit: exitSoon } });
    at(to, () => stage.world.nature.appChanges(arn, {}));
  });
}

export const crowd = corner('crowd', 'Six services crash at once.', (stage, common, at) => {
  for (let index = 1; index <= 6; index += 1) {
    createLoop(stage, { ...common, name: `worker-${index}`, from: 50, to: 62 }, at);
  }
});

export const guarded = corner(
  'guarded',
  'Every task of a service is protected, and another service runs beside it.',
  (stage, common, at) => {
    const cluster = stage.clusterName;
    createWorker(stage, { ...common, name: 'worker', desired: 4 });
    createWorker(stage, { ...common, name: 'calm', desired: 4, provider: 'FARGATE' });
    at(46, () => {
      const tasks = [...stage.world.account.tasks.values()]
        .filter(({ group }) => group === 'service:worker')
        .map(({ taskArn }) => taskArn);
      stage.world.ecs.updateTaskProtection({ cluster, tasks, protectionEnabled: true });
    });
    // Whoever gives a task of the other service up now gets none for it.
    at(58, () => {
      for (const { zone } of common.subnets) stage.world.nature.noCapacity({ zone }, hourMs);
    });
  },
);

export const threeStops = corner(
  'three-stops',
  'One service after the other loses three tasks, which is as many as it takes.',
  (stage, common, at) => {
    const { world } = stage;
    for (let index = 0; index < 8; index += 1) {
      const name = `worker-${index}`;
      createWorker(stage, { ...common, name, desired: 4 });
      for (const minutes of [0, 1, 2]) {
        at(48 + 6 * index + minutes, () => {
          const running = [...world.account.tasks.values()].find(
            ({ group, lastStatus }) => group === `service:${name}` && lastStatus === 'RUNNING',
          );
          if (running !== undefined) world.nature.taskExits(running.taskArn, { exitCode: 1 });
        });
      }
    }
  },
);

export const starved = corner(
  'starved',
  'A service stops crashing when there is no place any more for its tasks.',
  (stage, common, at) => {
    createLoop(stage, { ...common, name: 'worker', from: 50, to: 58, provider: 'FARGATE' }, at);
    at(57, () => {
      for (const { zone } of common.subnets) {
        stage.world.nature.noCapacity({ zone }, 45 * minuteMs);
      }
    });
  },
);

export const scaledIn = corner(
  'scaled-in',
  'Six services are scaled in at once.',
  (stage, common, at) => {
    for (let index = 1; index <= 6; index += 1) {
      const worker = createWorker(stage, { ...common, name: `worker-${index}`, desired: 5 });
      at(50, () => worker.scale(1));
    }
  },
);

export const mended = corner(
  'mended',
  'A build crashes until a better one takes its place.',
  (stage, common, at) => {
    const worker = createWorker(stage, { ...common, name: 'worker', desired: 2 });
    at(50, () => worker.deploy({ health: 'broken', app: { exit: exitSoon } }));
    at(62, () => worker.deploy({ health: 'good' }));
  },
);

export const besideJobs = corner(
  'beside-jobs',
  'A service crashes, and beside it one job after the other, until somebody repairs it.',
  (stage, common, at) => {
    const { world, clusterName } = stage;
    createLoop(stage, { ...common, name: 'worker', from: 50, to: 54 }, at);
    const jobThatEndsWith = (exitCode: number): string =>
      world.ecs.registerTaskDefinition({
        ...{ family: 'job', cpu: '256', memory: '512', requiresCompatibilities: ['FARGATE'] },
        containerDefinitions: [{ name: 'app', image: 'job:1', essential: true }],
        app: { exit: { afterMs: [secondMs, 2 * secondMs], exitCode } },
      }).taskDefinitionArn;
    const [failing, repaired] = [jobThatEndsWith(1), jobThatEndsWith(0)];
    const subnets = common.subnets.map(({ subnetId }) => subnetId);
    const run = (taskDefinition: string): void => {
      world.ecs.runTask({
        ...{ cluster: clusterName, taskDefinition, count: 1, launchType: 'FARGATE' },
        networkConfiguration: { awsvpcConfiguration: { subnets } },
      });
    };
    for (let second = 0; second < 8 * 60; second += 2) at(48 + second / 60, () => run(failing));
    at(75, () => run(repaired));
  },
);

export const alarmed = corner(
  'alarmed',
  'Users meet errors of a build that has passed: an alarm takes it back.',
  (stage, common, at) => {
    const { world } = stage;
    const alarmName = 'web-5xx';
    world.aws.setAlarm({ alarmName, state: 'OK' });
    const web = createWeb(stage, {
      ...common,
      ...{ name: 'web', desired: 2, bakeTimeInMinutes: 10, alarmNames: [alarmName] },
      hookDetails: { ...Object(toldByJson), alarms: [alarmName] },
      hookStages: ['TEST_TRAFFIC_SHIFT', 'POST_TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'],
    });
    at(50, () => web.deploy({ health: 'good' }));
    for (let minutes = 51; minutes < 70; minutes += 1) {
      at(minutes, () => {
        const runs = [...world.account.serviceDeployments.values()];
        if (runs.at(-1)?.lifecycleStage === 'BAKE_TIME') {
          world.aws.setAlarm({ alarmName, state: 'ALARM' });
        }
      });
    }
    at(90, () => world.aws.setAlarm({ alarmName, state: 'OK' }));
  },
);

/** Stops that are told after their deployment is gone: some come in time, and are too few by themselves. */
export const replacedLoop = corner(
  'replaced-loop',
  'A build crashes a few times, and is replaced.',
  (stage, common, at) => {
    const exit = { afterMs: [60 * secondMs, 90 * secondMs], exitCode: 1 } as const;
    for (const name of ['worker', 'importer', 'mailer', 'indexer']) {
      const worker = createWorker(stage, { ...common, name, desired: 2, provider: 'FARGATE' });
      at(50, () => worker.deploy({ health: 'broken', app: { exit } }));
      at(53, () => worker.deploy({ health: 'good' }));
    }
  },
);

export const lateStart = corner(
  'late-start',
  'Two services crash already when Ballast is put up.',
  (stage, common, at) => {
    for (const name of ['worker', 'importer']) {
      createLoop(stage, { ...common, name, from: 20, to: 62 }, at);
    }
  },
  { upAfterMs: 30 * minuteMs },
);

export const muted = corner(
  'muted',
  'Somebody has muted one of two services that crash.',
  (stage, common, at) => {
    createLoop(stage, { ...common, name: 'loud', from: 50, to: 62 }, at);
    createLoop(stage, { ...common, name: 'quiet', from: 50, to: 110 }, at);
    at(46, () => mute(stage, 'quiet', 44 * minuteMs));
  },
  { mode: 'wire' },
);

export const graveWhileMuted = corner(
  'grave-while-muted',
  'A service crashes and is muted; then all of its tasks are lost, and there is no place.',
  (stage, common, at) => {
    const { nature, account } = stage.world;
    createLoop(stage, { ...common, name: 'worker', from: 50, to: 58, provider: 'FARGATE' }, at);
    at(58.5, () => mute(stage, 'worker', hourMs));
    at(59, () => {
      for (const { zone } of common.subnets) nature.noCapacity({ zone }, 16 * minuteMs);
      const running = [...account.tasks.values()].filter(
        ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
      );
      for (const { taskArn } of running) nature.taskExits(taskArn, { exitCode: 1 });
    });
  },
  { mode: 'wire' },
);

/** As the `mute` command does it. */
function mute({ world, clusterName, know }: Stage, service: string, forMs: number): void {
  const [fromMs, untilMs] = [world.nowMs(), world.nowMs() + forMs];
  for (const { items } of world.account.tables.values()) {
    const key = { pk: { S: mutePartition(clusterName) }, sk: { S: service } };
    items.set(JSON.stringify([key.pk, key.sk]), {
      ...key,
      ...{ fromMs: { N: String(fromMs) }, untilMs: { N: String(untilMs) } },
      ...{ by: { S: 'somebody' }, reason: { S: 'it is known' } },
    });
  }
  know({ type: 'mute', service, fromMs, untilMs });
}

export const tagged = corner(
  'tagged',
  'A service that is only watched, and one that is left out.',
  (stage, common, at) => {
    const leftOut = { 'ballast:task-state': 'off' };
    createLoop(stage, { ...common, name: 'worker', from: 50, to: 62, tags: leftOut }, at);
    const web = createWeb(stage, {
      ...common,
      ...{ name: 'web', desired: 2, hookDetails: toldByJson },
      tags: { 'ballast:deployment-hook': 'observe' },
    });
    at(50, () => web.deploy(badBuilds.degraded));
  },
);

export const notOptedIn = corner(
  'not-opted-in',
  'A service that has not opted in is deployed.',
  (stage, common, at) => {
    const options = { ...common, name: 'web', desired: 2, hookDetails: toldByJson };
    const web = createWeb(stage, options);
    at(50, () => web.deploy(badBuilds.degraded));
  },
  { stackMode: () => 'opt-in' },
);

export const noisy = corner(
  'noisy',
  'One answer in four is an error, of every build.',
  (stage, common, at) => {
    const http = { errorShare: 0.25 };
    const web = createWeb(stage, { ...common, name: 'web', desired: 2, usersEveryMs: 10_000 });
    const first = web.latest();
    at(45, () => stage.apps.set(first, { latency: { medianMs: 40, sigma: 0.15 }, ...http }));
    for (const minutes of [48, 62, 76, 90, 104]) {
      at(minutes, () => web.deploy({ health: 'good', http }));
    }
  },
);

export const unmeasured = corner(
  'unmeasured',
  'A build takes no connection.',
  (stage, common, at) => {
    const web = createWeb(stage, { ...common, name: 'web', desired: 2, usersEveryMs: 10_000 });
    at(50, () => web.deploy({ health: 'broken', http: { resetShare: 1 } }));
  },
);

/** A degraded build, while somebody else has a hand in the rule of its test traffic: green gets a share. */
const tornRule = (name: string, sentence: string, greenPercent: number): Scenario =>
  corner(name, sentence, (stage, common, at) => {
    const web = createWeb(stage, {
      ...common,
      ...{ name: 'web', desired: 2, hookDetails: toldByJson, usersEveryMs: 10_000 },
    });
    at(50, () => {
      tear(stage.world, greenPercent);
      web.deploy(badBuilds.degraded);
    });
  });

/** From now on, whatever is written to a rule of test traffic, green has this share of it. */
function tear({ account }: Stage['world'], greenPercent: number): void {
  const [service] = account.services.values();
  const { testListenerRule = '' } = service?.loadBalancers?.[0]?.advancedConfiguration ?? {};
  const rule = account.rules.get(testListenerRule);
  const listenerArn = testListenerRule
    .replace(':listener-rule/', ':listener/')
    .replace(/\/\w+$/, '');
  const listener = account.listeners.get(listenerArn);
  let written = rule?.Actions;
  if (rule === undefined || listener === undefined || written === undefined) {
    throw new Error('there is no rule for test traffic');
  }
  const weightOf = (given: number | undefined): number =>
    given === 100 ? greenPercent : 100 - greenPercent;
  const torn = {
    get: () =>
      written?.map((action) => {
        const groups = action.ForwardConfig?.TargetGroups ?? [];
        const weighed = groups.map((group) => ({ ...group, Weight: weightOf(group.Weight) }));
        // Green first: what is read of several must not depend on their order.
        return { ...action, ForwardConfig: { TargetGroups: weighed.reverse() } };
      }),
    set: (actions: typeof written) => {
      written = actions;
    },
  };
  // The rule is its listener's default one, and both tell its actions.
  Object.defineProperty(rule, 'Actions', torn);
  Object.defineProperty(listener, 'DefaultActions', torn);
}

export const pulledBack = tornRule('pulled-back', 'The test rule is set back to blue.', 0);
export const halfWay = tornRule('half-way', 'The test rule is set to a half of green.', 50);
