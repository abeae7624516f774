import type {
  BadPlaceFacts,
  BreakGlassFacts,
  ConcentrationFacts,
  CouldNotMeasureFacts,
  DensityAnomalyFacts,
  DrainStuckFacts,
  DrainsStuckFacts,
  HookFacts,
  LoopFacts,
  MisconfiguredFacts,
  PlacementFacts,
  ReplacementAheadFacts,
  RestartFacts,
  RollbackFacts,
  StageNotGatedFacts,
  StartFailureFacts,
  StopFacts,
  StormFacts,
  UnknownStopFacts,
  ZoneImbalanceFacts,
} from '../../shared/domain/alert-facts.ts';
import type { AlertContext } from '../../shared/domain/alert-text/render.ts';
import type {
  Facts,
  Incident,
  IncidentKind,
  Notice,
  Severity,
  Transition,
} from '../../shared/domain/incident.ts';
import { taskDone } from '../../shared/domain/incident-end.ts';
import { createTimeFormatter } from '../../shared/runtime/time-format.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The first occurrence of every sample; with milliseconds, which no text may show. */
export const firstAtMs = Date.UTC(2026, 10, 20, 3, 4, 11, 123);

export const context: AlertContext = {
  formatTime: createTimeFormatter('UTC'),
  region: 'eu-central-1',
  runbookBase: 'https://github.com/example/ballast/blob/main/docs/operations.md',
  muteCommand: 'npm run -s mute -- add --table ballast',
};

/** One incident in the words of its kind, as it is told at each transition. */
export type Sample = {
  readonly kind: IncidentKind;
  readonly cause: string;
  readonly subject: Incident['subject'];
  /** Occurrences until it is told for the first time, and how long that took. */
  readonly count: number;
  readonly spanMs: number;
  readonly severity: Severity;
  /** What it becomes at its worst; `critical` unless the kind never pages. */
  readonly worst?: Severity;
  readonly stops?: readonly (StopFacts | RestartFacts)[];
  /** What is known at each transition; the later ones come on top of `open`. */
  readonly facts: Facts;
  readonly later?: Partial<Readonly<Record<Transition, Facts>>>;
};

const service = (name: string) => ({ type: 'service', name }) as const;

const loopFacts: LoopFacts = {
  limitMiB: 512,
  running: 3,
  desired: 4,
  minimum: 2,
  firstBadRevision: 'worker:88',
  deployedAtMs: firstAtMs - 9 * minuteMs,
  lastGoodRevision: 'worker:87',
  lastGoodRanMs: 6 * dayMs + 2 * hourMs,
  circuitBreaker: 'off',
  logLines:
    'INFO loading 2140 feeds\nERROR java.lang.OutOfMemoryError: Java heap space\nINFO shutting down',
};
const loopStops: readonly StopFacts[] = [41, 95, 77].map((livedSeconds, at) => ({
  container: 'app',
  exitCode: 137,
  stopReason: 'OutOfMemoryError: Container killed due to memory usage',
  livedSeconds,
  instance: `i-0c4${at}`,
  zone: `eu-central-1${'abc'[at]}`,
}));

const slowFacts: LoopFacts = {
  running: 6,
  desired: 6,
  minimum: 3,
  firstBadRevision: 'search:20',
  lastGoodRevision: 'search:19',
  lastGoodRanMs: 12 * dayMs,
};
const slowStops: readonly StopFacts[] = [3_000, 4_300].map((livedSeconds) => ({
  container: 'search',
  exitCode: 1,
  stopReason: 'Essential container in task exited',
  livedSeconds,
  instance: 'i-0c41',
  zone: 'eu-central-1a',
}));

const startFacts: StartFailureFacts = {
  container: 'app',
  image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/checkout:412',
  stopReason:
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): ' +
    'failed to resolve ref 123456789012.dkr.ecr.eu-central-1.amazonaws.com/checkout:412: not found',
  running: 4,
  desired: 4,
  minimum: 2,
  firstBadRevision: 'checkout:412',
  deployedAtMs: firstAtMs - 2 * minuteMs,
  lastGoodRevision: 'checkout:411',
  lastGoodRanMs: 3 * dayMs,
  circuitBreaker: 'on, with rollback',
};
const unknownFacts: UnknownStopFacts = {
  stopCode: 'ServiceSchedulerInitiated',
  stopReason: 'Task stopped because of a reason nobody has seen before',
  exitCode: 143,
  container: 'search',
  taskId: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  running: 6,
  desired: 6,
  minimum: 3,
};
const placementFacts: PlacementFacts = {
  detail: 'RESOURCE:MEMORY',
  capacityProvider: 'general',
  instances: 3,
  running: 5,
  desired: 6,
  minimum: 3,
};
const stormFacts: StormFacts = {
  services: 12,
  serviceNames: 'checkout, web, worker, search, cart, ledger, feed, mail, report, login',
  belowMinimum: 3,
  image: 'public.ecr.aws/acme/agent:latest',
  stopReason: 'CannotPullContainerError: toomanyrequests: Rate exceeded',
};
const aheadFacts: ReplacementAheadFacts = {
  provider: 'general',
  instances: 5,
  ofInstances: 7,
  instanceNames:
    'i-0a71c2e3f4a5b6c70, i-0b12d4e5f60718293, i-0c41a2b3c4d5e6f70, i-0d05b6c7d8e9f0a12, i-0e9fc0d1e2f3a4b56',
  zones: 'eu-central-1a: 3 of 3, eu-central-1b: 1 of 2, eu-central-1c: 1 of 2',
  isHerd: true,
  fromMs: firstAtMs + 72 * hourMs,
  toMs: firstAtMs + 72 * hourMs + 40 * minuteMs,
  deadlineMs: firstAtMs + 72 * hourMs + 7 * dayMs,
  harms: 5,
  harmLines:
    'ledger: desired 1, may be without a task while it moves\n' +
    'cart: nothing can start or stop, so it is killed at the deadline\n' +
    'report-nightly: standalone, killed at the deadline, nobody restarts it',
  changes:
    'ledger: desired 2 for that night, or minimum 100 % and maximum 200 %\n' +
    'cart: maximumPercent 134 or more\n' +
    'report-nightly: let it finish before the deadline',
  fineServices: 11,
  homelessTasks: 4,
  notice: 'first',
};
const drainFacts: DrainStuckFacts = {
  ec2InstanceId: 'i-0a71c2e3f4a5b6c70',
  provider: 'general',
  zone: 'eu-central-1a',
  compute: 'managed-instances',
  why: 'age',
  stuck: 4,
  drainSinceMs: firstAtMs - 6 * hourMs,
  quietSinceMs: firstAtMs - hourMs,
  deadlineMs: firstAtMs + 6 * dayMs + 18 * hourMs,
  stays:
    'cart/9c77: desired 3, at least 3 and at most 3 may run\n' +
    'report-nightly/77aa: standalone, nobody moves it\n' +
    'ledger/ab12: protected',
  changes:
    'cart: maximumPercent 134 or more, or minimumHealthyPercent 66 or less (one task fewer meanwhile)\n' +
    'report-nightly: let it finish, or run it elsewhere and stop it\n' +
    'ledger: leaves when its protection ends; end it if it may go',
};
const drainsFacts: DrainsStuckFacts = {
  instances: 3,
  kept: 3,
  instanceNames: 'i-0a71c2e3f4a5b6c70, i-0b12d4e5f60718293, i-0c41d5e6f70819203',
  stuck: 4,
  drainSinceMs: firstAtMs - 90 * minuteMs,
  deadlineMs: firstAtMs + 7 * dayMs - 90 * minuteMs,
  stays:
    'cart/9c77: desired 3, at least 3 and at most 3 may run\n' +
    'cart/1f2e: desired 3, at least 3 and at most 3 may run\n' +
    'cart/3c4d: desired 3, at least 3 and at most 3 may run',
  changes:
    'cart: maximumPercent 134 or more, or minimumHealthyPercent 66 or less (one task fewer meanwhile)\n' +
    'report-nightly: let it finish, or run it elsewhere and stop it',
  leftAtEnd: 0,
  lost: 0,
};
/** Fourteen tasks of twelve services, in the ways in which a full disk shows. */
const badInstanceFacts: BadPlaceFacts = {
  services: 12,
  serviceNames: 'checkout, web, worker, search, cart, ledger, feed, mail, report, login',
  belowMinimum: 3,
  causes: 'image-pull 4, application-exit 3, container-health-check 2, initialisation 2, agent 1',
  instances: 1,
  zone: 'eu-central-1a',
  launchType: 'MANAGED_INSTANCES',
  otherPlaces: 9,
  servicesElsewhere: 0,
  alsoElsewhere: 8,
};
const badZoneFacts: BadPlaceFacts = {
  services: 9,
  serviceNames: 'checkout, web, search, cart, ledger, feed, mail, report, login',
  belowMinimum: 0,
  causes: 'load-balancer-health-check 5, initialisation 3, image-pull 1',
  instances: 4,
  zone: 'eu-central-1a',
  launchType: 'MANAGED_INSTANCES',
  otherPlaces: 2,
  servicesElsewhere: 1,
  alsoElsewhere: 9,
};
const instanceId = '1f0e2d3c4b5a69788796a5b4c3d2e1f0';

const checkout = {
  revision: 'checkout:412',
  sourceRevision: 'checkout:411',
  stage: 'POST_TEST_TRAFFIC_SHIFT',
  mode: 'enforce',
} as const;
const rollbackFacts: RollbackFacts = {
  ...checkout,
  reason: 'latency-regression',
  detail: 'GET /cart median 291 vs 182 ms (+60%, 98% CI +61..+142 ms), no errors, 38 calls a side',
  findings: 'status 200 in 38/38, digest matched\n4/4 green targets healthy',
  greenMedianMs: 291.4,
  blueMedianMs: 182.1,
  answeredAfterMs: 81 * secondMs,
  status: 'ROLLBACK_IN_PROGRESS',
};
const breakerFacts: RollbackFacts = {
  ecsCause: 'circuit-breaker',
  ecsReason: 'ECS deployment circuit breaker: task failed to start.',
  ecsRevision: 'worker:88',
  ecsSource: 'worker:87',
  ecsRunning: '4 of 4 running on worker:87',
  rolledBack: 'yes',
};
const measureFacts: CouldNotMeasureFacts = {
  ...checkout,
  reason: 'transport',
  detail: 'connect to 10.0.12.7:8443 timed out after 3 tries; last at phase connect',
  deadlineAtMs: firstAtMs + 15 * minuteMs,
};
const misconfiguredFacts: MisconfiguredFacts = {
  ...checkout,
  reason: 'invalid-hook-details',
  detail: 'checks[0].expect.status: expected a status such as 200, "2xx" or "200-299", got "6xx"',
};
const stageFacts: StageNotGatedFacts = { ...checkout, stage: 'PRE_SCALE_UP' };
const glassFacts: BreakGlassFacts = {
  ...checkout,
  by: 'anna',
  why: 'hotfix for the payment outage, INC-812',
  untilMs: firstAtMs + 2 * hourMs,
  detail: 'opened by anna until 2026-11-20T05:04:00.000Z: hotfix for the payment outage, INC-812',
};
const timedOutFacts: HookFacts = {
  ...checkout,
  hookId: 'ecs-hook-e7tK9G',
  hookType: 'AWS_LAMBDA',
};
const awaitingFacts: HookFacts = {
  ...checkout,
  hookId: 'ecs-pause-e7tK9G_WRJqNF',
  hookType: 'PAUSE',
  expiresAtMs: firstAtMs + hourMs,
  serviceDeploymentArn:
    'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/checkout/0EYSiB0qap8xf0N76FsbE',
};

/** What ends an incident: of standalone tasks nobody sees a steady service. */
const resolutionOf = ({ subject }: Sample): string =>
  subject.type === 'family' ? taskDone : 'steady';

const zones = ['a', 'b', 'c'].map((name) => `eu-central-1${name}`);
const zoneFacts: ZoneImbalanceFacts = {
  verdict: 'would-act',
  reason: 'surge-move',
  detail: '1 of 3 moves; the others need an instance in eu-central-1c',
  sinceMs: firstAtMs - 25 * minuteMs,
  ...{ desired: 6, minimum: 6, counted: 6, fullest: 5, fullestZone: 'eu-central-1a' },
  ...{ spread: '5/1/0', bestSpread: '2/2/2', zones: zones.join(', ') },
  ...{ lostZone: 'eu-central-1a', left: 1, leftPercent: 17, bestLeft: 4 },
  obstacles: 'maximumPercent 100',
  changes: 'maximumPercent >= 117',
  canEnable: false,
  ...{ moves: 1, movesNeeded: 3 },
  roomIn: 'eu-central-1b',
  blocked: 'eu-central-1c has no instance',
};
/** What nobody has to do at once. */
const zoneSample = (
  facts: ZoneImbalanceFacts,
  severity: Severity = 'warn',
  resolve: ZoneImbalanceFacts = {},
): Sample => ({
  kind: 'zone-imbalance',
  cause: 'zone-imbalance',
  subject: service('search'),
  count: 1,
  spanMs: 0,
  severity,
  worst: 'warn',
  facts: { ...zoneFacts, ...facts },
  later: { resolve: { spread: '2/2/2', ...resolve } },
});
const concentrationFacts: ConcentrationFacts = {
  desired: 8,
  running: 8,
  instance: 'i-0c41aa90b7d2e3f14',
  onInstance: 5,
  remaining: 3,
  limitPercent: 50,
  provider: 'general',
  zones: 3,
  evenTasks: 3,
  remedy: 'smaller-instances',
  instanceTasks: 0,
  peerTasks: 0,
};
const concentrationSample = (facts: ConcentrationFacts): Sample => ({
  kind: 'concentration',
  cause: 'concentrated',
  subject: service('api'),
  count: 1,
  spanMs: 0,
  severity: 'warn',
  facts: { ...concentrationFacts, ...facts },
  later: { resolve: { onInstance: 3, remaining: 5 } },
});
const densityAnomalyFacts: DensityAnomalyFacts = {
  figure: 'tasks per instance 14, usually 6-9',
  group: 'general',
  others: 'reserved share 97%, usually 60-75%',
  changed: 'feed desired count changed 12 to 90; mail service added',
};

const noneRuns = { running: 0 };
const fewRun = { running: 1 };
const allRun = (running: number) => ({ running });

/** One for each kind, and one for each turn that a kind can take; `name` is the golden file's. */
export const samples: Readonly<Record<string, Sample>> = {
  concentration: concentrationSample({}),
  'concentration-strategy': concentrationSample({
    remedy: 'spread-by-instance',
    instanceTasks: 22,
    peerTasks: 6,
  }),
  'concentration-codedeploy': concentrationSample({
    ...{ remedy: 'spread-by-instance', running: 5, onInstance: 5, remaining: 0 },
    strategy:
      'type=spread,field=attribute:ecs.availability-zone type=spread,field=instanceId type=binpack,field=memory',
    controller: 'CODE_DEPLOY',
  }),
  'concentration-no-zones': concentrationSample({
    ...{ zones: 0, evenTasks: 4, remedy: 'spread-by-instance' },
  }),
  'concentration-one-zone': concentrationSample({
    ...{ zones: 1, evenTasks: 4, remedy: 'second-instance' },
  }),
  'density-anomaly': {
    kind: 'density-anomaly',
    cause: 'density-unusual',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: densityAnomalyFacts,
  },
  'density-anomaly-cluster': {
    kind: 'density-anomaly',
    cause: 'density-unusual',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { figure: 'instances 30, usually 4-7' },
  },
  'density-anomaly-zones': {
    kind: 'density-anomaly',
    cause: 'density-unusual',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { figure: 'zones with instances 2, usually 3' },
  },
  'density-anomaly-outlasts': {
    kind: 'density-anomaly',
    cause: 'density-unusual',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { ...densityAnomalyFacts, outlasts: 'web deployment in progress' },
  },
  'crash-loop': {
    kind: 'crash-loop',
    cause: 'out-of-memory',
    subject: service('worker'),
    count: 6,
    spanMs: 10 * minuteMs,
    severity: 'warn',
    stops: loopStops,
    facts: loopFacts,
    later: { escalate: fewRun, resolve: allRun(4) },
  },
  'crash-loop-restarts': {
    kind: 'crash-loop',
    cause: 'application-exit',
    subject: service('feed'),
    count: 3,
    spanMs: 4 * minuteMs,
    severity: 'warn',
    facts: { container: 'feed', exitCode: 3, restartsInPlace: true, running: 2, minimum: 2 },
    later: { escalate: { running: 0 } },
  },
  'crash-loop-restarts-counted': {
    kind: 'crash-loop',
    cause: 'application-exit',
    subject: service('feed'),
    count: 4,
    spanMs: 7 * minuteMs,
    severity: 'warn',
    stops: [{ restartsInPlace: true }],
    facts: {
      firstBadRevision: 'feed:31',
      deployedAtMs: firstAtMs - 2 * hourMs,
      running: 2,
      desired: 2,
      minimum: 2,
      circuitBreaker: 'on',
    },
    later: { escalate: { running: 1 } },
  },
  'crash-loop-restarts-and-stops': {
    kind: 'crash-loop',
    cause: 'out-of-memory',
    subject: service('worker'),
    count: 6,
    spanMs: 10 * minuteMs,
    severity: 'warn',
    stops: [...loopStops, { container: 'app', restartsInPlace: true }],
    facts: loopFacts,
    later: { escalate: fewRun, resolve: allRun(4) },
  },
  'crash-loop-standalone': {
    kind: 'crash-loop',
    cause: 'application-exit',
    subject: { type: 'family', name: 'report-nightly' },
    count: 3,
    spanMs: 7 * minuteMs,
    severity: 'warn',
    facts: { container: 'report', exitCode: 2, instance: 'i-0c41', instances: 1 },
  },
  'slow-loop': {
    kind: 'slow-loop',
    cause: 'application-exit',
    subject: service('search'),
    count: 5,
    spanMs: 5 * hourMs + 10 * minuteMs,
    severity: 'warn',
    stops: slowStops,
    facts: slowFacts,
    later: { escalate: fewRun },
  },
  'start-failure': {
    kind: 'start-failure',
    cause: 'image-pull',
    subject: service('checkout'),
    count: 5,
    spanMs: 4 * minuteMs,
    severity: 'warn',
    facts: startFacts,
    later: { escalate: noneRuns },
  },
  'unknown-stop': {
    kind: 'unknown-stop',
    cause: 'unknown',
    subject: service('search'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: unknownFacts,
    later: { escalate: fewRun },
  },
  'placement-failure': {
    kind: 'placement-failure',
    cause: 'no-capacity',
    subject: service('search'),
    count: 4,
    spanMs: 8 * minuteMs,
    severity: 'warn',
    facts: placementFacts,
    later: { escalate: fewRun, resolve: allRun(6) },
  },
  storm: {
    kind: 'storm',
    cause: 'image-pull',
    subject: { type: 'cluster', name: 'prod' },
    count: 12,
    spanMs: 4 * minuteMs,
    severity: 'critical',
    facts: stormFacts,
    later: { escalate: { belowMinimum: 7 } },
  },
  'bad-instance': {
    kind: 'bad-instance',
    cause: 'bad-instance',
    subject: { type: 'instance', name: instanceId },
    count: 12,
    spanMs: 50 * secondMs,
    severity: 'critical',
    facts: badInstanceFacts,
    later: { escalate: { belowMinimum: 7 } },
  },
  'bad-instance-ec2': {
    kind: 'bad-instance',
    cause: 'bad-instance',
    subject: { type: 'instance', name: instanceId },
    count: 3,
    spanMs: 4 * minuteMs,
    severity: 'warn',
    facts: {
      services: 3,
      serviceNames: 'ledger, feed, mail',
      belowMinimum: 0,
      causes: 'agent 2, runtime-error 1',
      instances: 1,
      zone: 'eu-central-1b',
      launchType: 'EC2',
      otherPlaces: 14,
      servicesElsewhere: 0,
      alsoElsewhere: 0,
    },
    later: { escalate: { belowMinimum: 1 } },
  },
  'bad-instance-gone': {
    kind: 'bad-instance',
    cause: 'bad-instance',
    subject: { type: 'instance', name: instanceId },
    count: 5,
    spanMs: 20 * secondMs,
    severity: 'warn',
    facts: { services: 5, serviceNames: 'a, b, c, d, e', causes: 'host-gone 5', otherPlaces: 6 },
  },
  'bad-zone': {
    kind: 'bad-zone',
    cause: 'bad-zone',
    subject: { type: 'zone', name: 'eu-central-1a' },
    count: 9,
    spanMs: 3 * minuteMs,
    severity: 'warn',
    facts: badZoneFacts,
    later: { escalate: { belowMinimum: 4 } },
  },
  rollback: {
    kind: 'rollback',
    cause: 'latency-regression',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: rollbackFacts,
    later: {
      update: { status: 'ROLLBACK_SUCCESSFUL' },
      escalate: { status: 'ROLLBACK_FAILED' },
      resolve: { status: 'SUCCESSFUL' },
    },
  },
  'rollback-observe': {
    kind: 'rollback',
    cause: 'latency-regression',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'info',
    facts: { ...rollbackFacts, mode: 'observe', status: 'SUCCESSFUL' },
  },
  'rollback-unproven': {
    kind: 'rollback',
    cause: 'could-not-measure',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ...checkout,
      reason: 'could-not-measure',
      detail: 'transport: connect to 10.0.12.7:8443 timed out after 3 tries',
      answeredAfterMs: 15 * minuteMs,
    },
  },
  'rollback-circuit-breaker': {
    kind: 'rollback',
    cause: 'rollback',
    subject: service('worker'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: breakerFacts,
    later: {
      escalate: { ecsCause: 'rollback-failed', ecsReason: 'circuit breaker: rollback failed.' },
    },
  },
  'rollback-circuit-breaker-stays': {
    kind: 'rollback',
    cause: 'rollback',
    subject: service('worker'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { ...breakerFacts, rolledBack: 'no', ecsRunning: '3 of 4 running on worker:87' },
  },
  'rollback-circuit-breaker-unknown': {
    kind: 'rollback',
    cause: 'rollback',
    subject: service('worker'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { ...breakerFacts, rolledBack: 'maybe', ecsSource: '', ecsRunning: '' },
  },
  'rollback-alarm': {
    kind: 'rollback',
    cause: 'rollback',
    subject: service('worker'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ...breakerFacts,
      ecsCause: 'deployment-alarm',
      ecsReason: 'ECS deployment: alarm worker-5xx detected.',
    },
  },
  'rollback-other-hook': {
    kind: 'rollback',
    cause: 'rollback',
    subject: service('worker'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ...breakerFacts,
      ecsCause: 'lifecycle-hook',
      ecsReason: 'Lifecycle hook returned FAILED.',
    },
  },
  'gate-could-not-measure': {
    kind: 'gate-could-not-measure',
    cause: 'transport',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: measureFacts,
  },
  'gate-could-not-measure-observe': {
    kind: 'gate-could-not-measure',
    cause: 'transport',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'info',
    facts: { ...measureFacts, mode: 'observe' },
  },
  'gate-misconfigured': {
    kind: 'gate-misconfigured',
    cause: 'invalid-hook-details',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: misconfiguredFacts,
  },
  'gate-misconfigured-observe': {
    kind: 'gate-misconfigured',
    cause: 'invalid-hook-details',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { ...misconfiguredFacts, mode: 'observe' },
  },
  'stage-not-gated': {
    kind: 'stage-not-gated',
    cause: 'stage-not-gated',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: stageFacts,
  },
  'break-glass': {
    kind: 'break-glass',
    cause: 'break-glass',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: glassFacts,
  },
  'hook-timed-out': {
    kind: 'hook-timed-out',
    cause: 'hook-timed-out',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: timedOutFacts,
  },
  'hook-awaiting-action': {
    kind: 'hook-awaiting-action',
    cause: 'hook-awaiting-action',
    subject: service('checkout'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: awaitingFacts,
  },
  'replacement-ahead': {
    kind: 'replacement-ahead',
    cause: 'day-14',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: aheadFacts,
    later: {
      update: { notice: 'second' },
      resolve: {
        ...{ replaced: 5, ofReplaced: 5, tasksLost: 0, tookMs: 7.5 * hourMs },
        forecastErrorMs: 4 * 60_000,
      },
    },
  },
  'replacement-ahead-one': {
    kind: 'replacement-ahead',
    cause: 'day-14',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ...aheadFacts,
      instances: 1,
      instanceNames: 'i-0a71c2e3f4a5b6c70',
      zones: 'eu-central-1a: 1 of 3',
      isHerd: false,
      toMs: firstAtMs + 72 * hourMs,
      harms: 1,
      harmLines: 'ledger: desired 1, may be without a task while it moves',
      changes: 'ledger: desired 2 for that night, or minimum 100 % and maximum 200 %',
      homelessTasks: 0,
    },
    later: {
      resolve: {
        ...{ replaced: 1, ofReplaced: 1, tasksLost: 1, lostNames: 'ab12cd34', notBack: 'ledger' },
        ...{ tookMs: 3 * 24 * hourMs, forecastErrorMs: 26 * hourMs },
      },
    },
  },
  'replacement-ahead-window': {
    kind: 'replacement-ahead',
    cause: 'day-14',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ...aheadFacts,
      ...{ harms: 14, harmed: 13, moreHarms: 9 },
      harmLines: [
        'checkout: all 3 of its tasks may stop at once',
        'ledger: desired 1, may be without a task while it moves',
        '3 x batch: standalone, killed at the deadline, nobody restarts it',
      ].join('\n'),
      ...{ eventWindow: 'iew-0f1e2d3c4b5a69788', dueMs: firstAtMs + 96 * hourMs },
    },
  },
  'replacement-ahead-together': {
    kind: 'replacement-ahead',
    cause: 'day-14',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: { ...aheadFacts, instances: 3, ofInstances: 8, toMs: firstAtMs + 72 * hourMs + 20_000 },
  },
  'drain-stuck': {
    kind: 'drain-stuck',
    cause: 'no-departure',
    subject: { type: 'instance', name: instanceId },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: drainFacts,
    later: {
      escalate: { stuck: 1 },
      resolve: { endedBy: 'gone', leftAtEnd: 2, lost: 1 },
    },
  },
  'drains-stuck': {
    kind: 'drains-stuck',
    cause: 'no-departure',
    subject: service('cart'),
    count: 3,
    spanMs: 20 * minuteMs,
    severity: 'warn',
    facts: drainsFacts,
    later: {
      update: { instances: 4, kept: 4, stuck: 5 },
      escalate: { kept: 2, stuck: 2 },
      resolve: { leftAtEnd: 2, lost: 0 },
    },
  },
  'drains-stuck-ec2': {
    kind: 'drains-stuck',
    cause: 'no-departure',
    subject: service('web'),
    count: 2,
    spanMs: 20 * minuteMs,
    severity: 'warn',
    facts: {
      ...{ instances: 2, kept: 2, stuck: 3, leftAtEnd: 0, lost: 0, orphaned: 0 },
      instanceNames: 'i-0a71c2e3f4a5b6c70, i-0b12d4e5f60718293',
      drainSinceMs: firstAtMs - 90 * minuteMs,
      drainingUntilMs: firstAtMs + 48 * hourMs - 90 * minuteMs,
      stays:
        'web/1f2e: no room for 1024 CPU units, 2048 MiB\n' +
        'web/3c4d: room only where port 80/tcp is taken\n' +
        'report-nightly/77aa: standalone, nobody moves it',
      changes:
        'web: add capacity that has room for it\n' +
        'web: add an instance whose port is free, or let ECS choose the host port\n' +
        'report-nightly: let it finish, or run it elsewhere and stop it',
    },
    later: { resolve: { leftAtEnd: 3, lost: 1, orphaned: 3 } },
  },
  'not-recovered': {
    kind: 'not-recovered',
    cause: 'below-count',
    subject: service('ledger'),
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ...{ running: 3, desired: 4, minimum: 2, instance: 'i-0a71c2e3f4a5b6c70', why: 'age' },
      goneAtMs: firstAtMs - 2 * hourMs,
    },
    later: { escalate: { running: 1 }, resolve: { running: 4 } },
  },
  'drain-stuck-ec2': {
    kind: 'drain-stuck',
    cause: 'no-departure',
    subject: { type: 'instance', name: instanceId },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ec2InstanceId: 'i-0b12d4e5f60718293',
      provider: 'asg-web',
      ...{ compute: 'ec2', drainingUntilMs: firstAtMs + 46 * hourMs },
      why: 'unknown',
      stuck: 2,
      drainSinceMs: firstAtMs - 2 * hourMs,
      quietSinceMs: firstAtMs - hourMs,
      stays: 'web/1f2e: no room for 1024 CPU units, 2048 MiB\nweb/3c4d: its replacement is ill',
      changes: 'web: add capacity that has room for it\nweb: repair the tasks that are ill',
    },
    later: { resolve: { endedBy: 'gone', leftAtEnd: 2, lost: 0 } },
  },
  'drain-stuck-external': {
    kind: 'drain-stuck',
    cause: 'no-departure',
    subject: { type: 'instance', name: instanceId },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    facts: {
      ec2InstanceId: 'mi-0b12d4e5f60718293',
      ...{ compute: 'external', why: 'user', stuck: 1 },
      drainSinceMs: firstAtMs - 2 * hourMs,
      quietSinceMs: firstAtMs - hourMs,
      stays: 'report-nightly/77aa: standalone, nobody moves it',
      changes: 'report-nightly: let it finish, or run it elsewhere and stop it',
    },
    later: { resolve: { endedBy: 'gone', leftAtEnd: 1, lost: 1 } },
  },
  'zone-imbalance': zoneSample({}),
  'zone-imbalance-ecs': zoneSample(
    {
      verdict: 'ecs-will',
      reason: 'ecs-will-rebalance',
      detail: 'eligible and enabled; no instance in eu-central-1c yet, which ECS may launch',
      ...{ obstacles: '', changes: '', moves: 0, roomIn: '', blocked: '' },
    },
    'warn',
    { endedBy: 'ecs' },
  ),
  'zone-imbalance-cluster': {
    kind: 'zone-imbalance',
    cause: 'zone-imbalance',
    subject: { type: 'cluster', name: 'prod' },
    count: 1,
    spanMs: 0,
    severity: 'warn',
    worst: 'warn',
    facts: {
      services: 12,
      worst:
        'search: 5/1/0; losing eu-central-1a leaves 1 of 6, evenly 4\n' +
        'api: 4/0/0; losing eu-central-1a leaves 0 of 4, evenly 2\n' +
        'web: 3/3/0; losing eu-central-1a leaves 3 of 6, evenly 4',
    },
    later: {
      resolve: { services: 1, worst: 'web: 3/3/0; losing eu-central-1a leaves 3 of 6, evenly 4' },
    },
  },
  'zone-imbalance-disabled': zoneSample({
    reason: 'enable-native-rebalancing',
    detail: 'eligible, and disabled',
    obstacles: 'rebalancing disabled',
    changes: 'availabilityZoneRebalancing ENABLED',
    canEnable: true,
    ...{ moves: 0, roomIn: '', blocked: '' },
  }),
  'zone-imbalance-cannot': zoneSample(
    {
      verdict: 'cannot',
      reason: 'placement-strategy',
      detail: 'binpack memory',
      obstacles: 'rebalancing disabled, placement strategy binpack',
      changes:
        'availabilityZoneRebalancing ENABLED\n' +
        'spread by attribute:ecs.availability-zone as the first placement strategy',
      minimum: 1,
      ...{ moves: 0, roomIn: '', blocked: '' },
      ...{ spread: '5/1', bestSpread: '3/3', bestLeft: 3, zones: zones.slice(0, 2).join(', ') },
      notes: 'whether an instance of eu-central-1c suits its tasks is not known',
    },
    'info',
    { spread: '3/3' },
  ),
};

export const transitions: readonly Transition[] = ['open', 'update', 'escalate', 'resolve'];

const toldAfterMs: Readonly<Record<Transition, number>> = {
  open: minuteMs,
  update: hourMs,
  escalate: 4 * minuteMs,
  resolve: 37 * minuteMs,
};

/** The incident of a sample at one of its transitions, with the notice that tells it. */
export function momentOf(
  sample: Sample,
  transition: Transition,
  changes: Partial<Incident> = {},
): { readonly incident: Incident; readonly notice: Notice } {
  const count = sample.count + (transition === 'update' || transition === 'resolve' ? 2 : 0);
  const spanMs =
    sample.spanMs + (transition === 'update' || transition === 'resolve' ? 12 * minuteMs : 0);
  const severity =
    transition === 'escalate' || (transition === 'resolve' && sample.later?.escalate !== undefined)
      ? (sample.worst ?? 'critical')
      : sample.severity;
  const occurrences = Array.from({ length: count }, (_, at) => ({
    id: `${sample.kind}-${at}`,
    atMs: firstAtMs + Math.round((spanMs * at) / Math.max(count - 1, 1)),
    ...(sample.stops === undefined ? {} : { facts: sample.stops[at % sample.stops.length] ?? {} }),
  }));
  const lastAtMs = occurrences.at(-1)?.atMs ?? firstAtMs;
  const noticeAtMs = lastAtMs + toldAfterMs[transition];
  const sequence = transitions.indexOf(transition) + 1;
  const notice: Notice = {
    sequence,
    transition,
    severity,
    atMs: noticeAtMs,
    dueAtMs: noticeAtMs,
    mutedBy: undefined,
  };
  const incident: Incident = {
    cluster: 'prod',
    subject: sample.subject,
    kind: sample.kind,
    cause: sample.cause,
    deploymentId: 'ecs-svc/7236192046123549',
    id: `${sample.kind}-1k8v3q0x9zt-thv4nv`,
    status: transition === 'resolve' ? 'resolved' : 'open',
    severity,
    firstAtMs,
    openedAtMs: lastAtMs,
    changedAtMs: noticeAtMs,
    resolvedAtMs: transition === 'resolve' ? noticeAtMs : undefined,
    resolution: transition === 'resolve' ? resolutionOf(sample) : undefined,
    boundaryMs: undefined,
    wellSinceMs: undefined,
    worseSinceMs: undefined,
    count,
    occurrences,
    facts: { ...sample.facts, ...sample.later?.[transition] },
    factTimes: {},
    foldedInto: undefined,
    acknowledged: undefined,
    told:
      transition === 'open'
        ? undefined
        : { sequence: 1, atMs: firstAtMs, severity, facts: {}, updates: 0 },
    digestedAtMs: undefined,
    outbox: [notice],
    sequence,
    version: 1,
    ...changes,
  };
  return { incident, notice };
}
