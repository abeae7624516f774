import * as v from 'valibot';
import { compareTexts } from '../domain/order.ts';
import { recordOf } from '../domain/record.ts';
import { type Snapshot, snapshotVersion } from '../domain/snapshot.ts';
import { MalformedInput } from './malformed.ts';
import { firstProblem } from './problem.ts';
import { strict } from './strict.ts';

/** A snapshot that another version of Ballast has saved in a form that this one does not read. */
export class UnreadableVersion extends Error {
  override readonly name = 'UnreadableVersion';
}

const text = v.string();
const flag = v.boolean();
const number = v.pipe(v.number(), v.finite('expected a number'));
const count = v.pipe(
  v.number(),
  v.integer('expected a whole number'),
  v.minValue(0, 'expected 0 or more'),
  v.maxValue(1_000_000, 'expected a million at most'),
);
const amount = v.pipe(number, v.minValue(0, 'expected 0 or more'));
/** Milliseconds since 1970, as far as a date can be. */
const time = v.pipe(
  number,
  v.minValue(0, 'expected a time in ms since 1970'),
  v.maxValue(8_640_000_000_000_000, 'expected a time in ms since 1970'),
);
/** What may be missing is there as undefined, as in the type of a snapshot. */
const maybe = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.optional(schema, () => undefined);
const oneOf = <const Words extends readonly string[]>(words: Words) =>
  v.picklist(words, `expected one of ${words.join(', ')}`);

/** Any keys, with values of one kind. valibot's own drops keys such as `constructor`. */
const recordOfEach = <Output>(value: v.GenericSchema<unknown, Output>) =>
  v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(
      (input) => typeof input === 'object' && input !== null && !Array.isArray(input),
      'expected an object',
    ),
    v.rawTransform<Readonly<Record<string, unknown>>, Readonly<Record<string, Output>>>(
      ({ dataset, addIssue, NEVER }) => {
        const entries: [string, Output][] = [];
        for (const [key, input] of Object.entries(dataset.value)) {
          const parsed = v.safeParse(value, input);
          if (parsed.success) {
            entries.push([key, parsed.output]);
            continue;
          }
          const [issue] = parsed.issues;
          const place = { type: 'object', origin: 'value', input: dataset.value, key } as const;
          addIssue({
            input,
            message: issue.message,
            expected: issue.expected ?? undefined,
            received: issue.received,
            path: [{ ...place, value: input }, ...(issue.path ?? [])],
          });
          return NEVER;
        }
        return recordOf(entries);
      },
    ),
  );

const compute = oneOf(['managed-instances', 'fargate', 'ec2', 'external']);
const resources = strict({ cpuUnits: amount, memoryMiB: amount });
/** What is left of an instance may be less than nothing, where its reserve has grown. */
const room = strict({ cpuUnits: number, memoryMiB: number });
const tags = recordOfEach(text);

const task = strict({
  arn: text,
  service: maybe(text),
  group: maybe(text),
  startedBy: maybe(text),
  taskDefinitionArn: text,
  compute: maybe(compute),
  capacityProvider: maybe(text),
  instanceArn: maybe(text),
  zone: maybe(text),
  reserved: resources,
  hostPorts: v.array(text),
  hasEni: flag,
  architecture: maybe(text),
  lastStatus: text,
  desiredStatus: text,
  health: maybe(text),
  createdAtMs: maybe(time),
  startedAtMs: maybe(time),
});

const rollout = strict({
  id: text,
  status: text,
  rolloutState: maybe(text),
  taskDefinitionArn: maybe(text),
  createdAtMs: maybe(time),
});

const service = strict({
  arn: text,
  name: text,
  status: text,
  desired: count,
  running: count,
  pending: count,
  compute: maybe(compute),
  launchType: maybe(text),
  capacityProviders: v.array(text),
  schedulingStrategy: maybe(text),
  deploymentController: maybe(text),
  deploymentStrategy: maybe(text),
  minimumHealthyPercent: maybe(count),
  maximumPercent: maybe(count),
  availabilityZoneRebalancing: maybe(text),
  placementStrategy: v.array(strict({ type: text, field: maybe(text) })),
  placementConstraints: v.array(strict({ type: text, expression: maybe(text) })),
  subnets: v.array(text),
  targetGroupArns: v.array(text),
  hasClassicLoadBalancer: flag,
  hooks: v.array(strict({ targetArn: text, stages: v.array(text) })),
  taskDefinitionArn: maybe(text),
  rollouts: v.array(rollout),
  lastRebalancingAtMs: maybe(time),
  lastPlacementFailureAtMs: maybe(time),
  createdAtMs: maybe(time),
  tags,
});

const instance = strict({
  arn: text,
  ec2InstanceId: maybe(text),
  compute: maybe(compute),
  capacityProvider: maybe(text),
  status: text,
  statusReason: maybe(text),
  agentConnected: flag,
  health: maybe(text),
  type: maybe(text),
  zone: maybe(text),
  architecture: maybe(text),
  registered: resources,
  remaining: room,
  usedPorts: v.array(text),
  attributes: recordOfEach(text),
  registeredAtMs: maybe(time),
  launchedAtMs: maybe(time),
  isSpot: maybe(flag),
  runningTasks: count,
  pendingTasks: count,
  tags,
});

const capacityProvider = strict({
  name: text,
  compute: maybe(compute),
  isSpot: flag,
  status: maybe(text),
  subnets: v.array(text),
  scaleInAfterSeconds: maybe(v.nullable(number)),
});

const eventWindow = strict({
  id: text,
  instanceIds: v.array(text),
  tags: v.array(strict({ key: text, value: text })),
  timeRanges: v.array(strict({ startDay: text, startHour: count, endDay: text, endHour: count })),
  cron: maybe(text),
});

const gap = strict({
  subject: oneOf([
    ...(['tasks', 'services', 'instances', 'capacity-providers', 'subnets'] as const),
    ...(['protections', 'deployments', 'scalable-targets', 'zonal-shifts'] as const),
    ...(['event-windows', 'launch-times', 'instance-types'] as const),
  ]),
  reason: oneOf(['denied', 'truncated', 'throttled', 'failed', 'missing']),
  operation: text,
  detail: text,
});

const snapshotSchema = strict({
  version: v.literal(snapshotVersion),
  takenAtMs: time,
  region: text,
  clusterArn: text,
  cluster: text,
  tasks: v.array(task),
  services: v.array(service),
  instances: v.array(instance),
  capacityProviders: v.array(capacityProvider),
  subnetZones: recordOfEach(text),
  protections: recordOfEach(strict({ expiresAtMs: maybe(time) })),
  deployments: recordOfEach(strict({ arn: text, status: text, startedAtMs: maybe(time) })),
  scalableTargets: recordOfEach(strict({ min: count, max: count, isSuspended: flag })),
  shiftedZones: v.array(text),
  eventWindows: v.array(eventWindow),
  instanceTypes: recordOfEach(strict({ vCpus: amount, memoryMiB: amount, eniMax: maybe(count) })),
  gaps: v.array(gap),
  calls: count,
});

const versionSchema = v.object({ version: number });

/**
 * Reads a saved snapshot, as `JSON.parse` gives it. Unknown keys are refused: most fields may be
 * missing, so that a misspelt one would otherwise be lost without a word. Throws
 * {@link MalformedInput} naming the field, or {@link UnreadableVersion}.
 */
export function parseSnapshot(value: unknown): Snapshot {
  const { version } = parse(versionSchema, value);
  if (version !== snapshotVersion) {
    throw new UnreadableVersion(
      `version ${version}: this Ballast reads version ${snapshotVersion}`,
    );
  }
  return parse(snapshotSchema, value);
}

function parse<Output>(schema: v.GenericSchema<unknown, Output>, value: unknown): Output {
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) throw new MalformedInput(firstProblem('snapshot', parsed.issues));
  return parsed.output;
}

/** The form in which a snapshot is saved: JSON whose keys are sorted, so that two can be compared. */
export const serialiseSnapshot = (snapshot: Snapshot): string =>
  `${JSON.stringify(snapshot, sortedKeys, 2)}\n`;

/** What is undefined is left out. */
const sortedKeys = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => compareTexts(a, b)))
    : value;
