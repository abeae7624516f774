import { counted, joined } from '../../shared/domain/alert-text/words.ts';
import type { ClusterPlan } from '../../shared/domain/cluster-plan.ts';
import type { Gap, GapSubject } from '../../shared/domain/snapshot.ts';
import { calendarLines } from './calendar-text.ts';
import { densityLines } from './density-text.ts';
import { block, labelled, zoneName } from './layout.ts';
import { zoneLines } from './zones-text.ts';

export type PlanTextOptions = {
  readonly formatTime: (atMs: number) => string;
  /** Where the prices come from, and what they leave out. */
  readonly priceNotes: readonly string[];
  /** The file that the snapshot came from or went to. */
  readonly savedAs: string | undefined;
  readonly isLive: boolean;
};

/** A plan for a terminal, as in the README: most urgent first. */
export function planLines(plan: ClusterPlan, options: PlanTextOptions): readonly string[] {
  return [
    ...headerOf(plan, options),
    ...zoneLines(plan),
    ...calendarLines(plan, options.formatTime),
    ...densityLines(plan),
    ...(plan.costs.some(({ here }) => here !== undefined) ? block('', options.priceNotes) : []),
    ...gateLines(plan),
    ...block('not visible', plan.gaps.map(gapText)),
    ...footerOf(plan, options),
  ];
}

/** `prod  us-east-1  Mon 23 Nov 09:00Z   18 read calls, 0 writes`, then what there is. */
function headerOf(plan: ClusterPlan, { formatTime, isLive }: PlanTextOptions): readonly string[] {
  const calls = isLive
    ? `${counted(plan.calls, 'read call')}, 0 writes`
    : `saved snapshot, ${counted(plan.calls, 'read call')} when it was taken`;
  return [
    `${plan.cluster}  ${plan.region}  ${formatTime(plan.takenAtMs)}   ${calls}`,
    joined([...instancesText(plan), tasksText(plan.tasks), counted(plan.services, 'service')]),
  ];
}

const kinds = ['managed-instances', 'ec2', 'external', 'unknown'] as const;
const kindNames = {
  'managed-instances': 'managed',
  ec2: 'EC2',
  external: 'external',
  unknown: 'unknown',
} as const;

/** `7 managed instances (1a 3, 1b 2, 1c 2)` */
function instancesText({ instances, region }: ClusterPlan): readonly string[] {
  const present = kinds.flatMap((kind) => {
    const zones = Object.entries(instances[kind] ?? {});
    if (zones.length === 0) return [];
    const count = zones.reduce((sum, [, own]) => sum + own, 0);
    const places = zones.map(([zone, own]) => `${zoneName(zone, region)} ${own}`).join(', ');
    return [`${counted(count, `${kindNames[kind]} instance`)} (${places})`];
  });
  return present.length === 0 ? ['no instances'] : present;
}

function tasksText(tasks: ClusterPlan['tasks']): string {
  const count = Object.values(tasks).reduce((sum, own) => sum + (own ?? 0), 0);
  const onFargate = tasks.fargate ?? 0;
  return `${counted(count, 'task')}${onFargate > 0 ? ` (${onFargate} on Fargate)` : ''}`;
}

function gateLines({ gate, services }: ClusterPlan): readonly string[] {
  if (services === 0) return [];
  const { eligible, gated, excluded } = gate;
  const rolling = excluded['no-test-stage'].length;
  const foreign = excluded['not-ecs-controlled'].length;
  return [
    labelled(
      'gate',
      joined(
        [
          `${eligible.length} of ${counted(services, 'service')} can have it`,
          gated.length === 0
            ? 'none has a hook at POST_TEST_TRAFFIC_SHIFT'
            : `with a hook at POST_TEST_TRAFFIC_SHIFT: ${gated.map(({ service }) => service).join(', ')}`,
          rolling > 0 ? `${rolling} cannot: not blue/green, linear or canary` : undefined,
          foreign > 0 ? `${foreign} cannot: not deployed by ECS itself` : undefined,
        ],
        '; ',
      ),
    ),
  ];
}

/** What a missing part of the snapshot means for what stands above. */
const consequences: Readonly<Record<GapSubject, string>> = {
  tasks: 'counts are too low; nothing would be moved',
  services: 'some services are not judged; nothing would be moved',
  instances: 'room and calendar are incomplete; nothing would be moved',
  'capacity-providers': 'kinds of compute and zones of providers are guessed from tasks',
  subnets: 'zones that a service can use are not certain',
  protections: 'protected tasks are not known',
  deployments: 'deployments are known by their rollouts only',
  'scalable-targets': 'whether autoscaling is at work is not known',
  'zonal-shifts': 'zonal shifts are not known',
  'event-windows': 'an event window may make a drain earlier',
  'launch-times': 'launch times taken from registeredAt',
  'instance-types': 'limits of network interfaces are not known',
};

const gapText = ({ subject, reason, operation }: Gap): string =>
  `${operation} ${reason} -> ${consequences[subject]}`;

function footerOf(plan: ClusterPlan, { savedAs, isLive }: PlanTextOptions): readonly string[] {
  if (!isLive) return [];
  const file = savedAs ?? `${plan.cluster}.json`;
  const save = savedAs === undefined ? `save: --save ${file}` : `saved: ${file}`;
  return [labelled('IAM used', `docs/plan-policy.json   ${save}   replay: --snapshot ${file}`)];
}
