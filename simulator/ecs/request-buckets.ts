import type { Call } from '../account.ts';
import type { Core } from './core.ts';

/** Tokens that a bucket holds at most, and tokens that it gets a second. */
type Limit = { readonly burst: number; readonly perSecond: number };

type Bucket = Limit & { tokens: number; filledAtMs: number };

const limit = (burst: number, perSecond: number): Limit => ({ burst, perSecond });

/**
 * Actions of ECS that share a bucket, with its limit.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export const ecsGroups = {
  'cluster-resource-read': {
    ...limit(100, 20),
    actions: [
      ...['DescribeContainerInstances', 'DescribeTasks', 'ListAttributes'],
      ...['ListContainerInstances', 'ListTasks'],
    ],
  },
  'cluster-resource-modify': {
    ...limit(100, 40),
    actions: [
      ...['DeregisterContainerInstance', 'StopTask', 'RunTask', 'StartTask'],
      ...['UpdateContainerInstancesState', 'PutAttributes', 'DeleteAttributes'],
      ...['ExecuteCommand', 'UpdateContainerAgent'],
    ],
  },
  'service-read': { ...limit(100, 20), actions: ['DescribeServices', 'ListServices'] },
  'service-modify': {
    ...limit(50, 5),
    actions: ['CreateService', 'UpdateService', 'DeleteService'],
  },
  'service-deployment': {
    ...limit(50, 20),
    actions: ['DescribeServiceDeployments', 'ListServiceDeployments'],
  },
  'service-revision': { ...limit(50, 20), actions: ['DescribeServiceRevisions'] },
  'task-protection': {
    ...limit(200, 80),
    actions: ['GetTaskProtection', 'UpdateTaskProtection'],
  },
  'capacity-provider-read': { ...limit(50, 20), actions: ['DescribeCapacityProviders'] },
  'capacity-provider-modify': {
    ...limit(10, 1),
    actions: ['CreateCapacityProvider', 'UpdateCapacityProvider', 'DeleteCapacityProvider'],
  },
  'task-definition-read': {
    ...limit(50, 20),
    actions: ['DescribeTaskDefinition', 'ListTaskDefinitions', 'ListTaskDefinitionFamilies'],
  },
  'task-definition-modify': {
    ...limit(20, 1),
    actions: ['RegisterTaskDefinition', 'DeregisterTaskDefinition'],
  },
  'task-definition-delete': { ...limit(5, 1), actions: ['DeleteTaskDefinitions'] },
  'tag-read': { ...limit(50, 20), actions: ['ListTagsForResource'] },
  'tag-modify': { ...limit(20, 10), actions: ['TagResource', 'UntagResource'] },
  'account-setting-read': { ...limit(50, 20), actions: ['ListAccountSettings'] },
  'account-setting-modify': {
    ...limit(10, 1),
    actions: ['PutAccountSetting', 'PutAccountSettingDefault', 'DeleteAccountSetting'],
  },
  'agent-modify': {
    ...limit(200, 120),
    actions: [
      ...['RegisterContainerInstance', 'SubmitAttachmentStateChanges'],
      ...['SubmitContainerStateChange', 'SubmitTaskStateChange'],
    ],
  },
  'services-by-namespace': { ...limit(10, 1), actions: ['ListServicesByNamespace'] },
} as const satisfies Readonly<Record<string, Limit & { readonly actions: readonly string[] }>>;

const groupOfAction = new Map<string, string & keyof typeof ecsGroups>(
  (Object.keys(ecsGroups) as (keyof typeof ecsGroups)[]).flatMap((name) =>
    ecsGroups[name].actions.map((action) => [action, name] as const),
  ),
);

const clusterReads = new Set(['DescribeClusters', 'ListClusters']);

/** By category of action. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
export const ec2Limits = {
  reads: limit(100, 20),
  /** Reads of everything at once, of the actions below. */
  unfiltered: limit(50, 10),
  writes: limit(50, 5),
  CreateTags: limit(100, 10),
} as const;

const unfilteredActions = new Set(['DescribeInstances', 'DescribeInstanceStatus']);

/** Which bucket a call takes its token from; undefined where it takes none. */
type Named = { readonly name: string; readonly limit: Limit };

/**
 * Refuses calls beyond what AWS allows an account in a Region, whoever makes them: a token a call, from
 * buckets that fill up as time passes. Other services than ECS and EC2 refuse nothing.
 */
export function installRequestBuckets(core: Core): void {
  const buckets = new Map<string, Bucket>();
  core.account.admits = (call) => {
    const named = bucketOf(core, call);
    if (named === undefined) return true;
    const nowMs = core.nowMs();
    const { burst } = named.limit;
    const known = buckets.get(named.name);
    const bucket = known ?? { ...named.limit, tokens: burst, filledAtMs: nowMs };
    if (known === undefined) buckets.set(named.name, bucket);
    fill(bucket, nowMs, core.variant('request-bucket-refill') === 'each-second');
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}

const secondMs = 1_000;

function fill(bucket: Bucket, nowMs: number, isBySecond: boolean): void {
  const { burst, perSecond, filledAtMs } = bucket;
  const seconds = isBySecond
    ? Math.floor(nowMs / secondMs) - Math.floor(filledAtMs / secondMs)
    : (nowMs - filledAtMs) / secondMs;
  bucket.tokens = Math.min(burst, bucket.tokens + seconds * perSecond);
  bucket.filledAtMs = nowMs;
}

function bucketOf(core: Core, call: Call): Named | undefined {
  if (call.service === 'ecs') return ecsBucketOf(core, call.operation);
  return call.service === 'ec2' && core.has('ec2-request-buckets')
    ? ec2BucketOf(core, call)
    : undefined;
}

const clusterReadBursts: Readonly<Record<string, number>> = { 'burst-50': 50, 'burst-100': 100 };

function ecsBucketOf(core: Core, action: string): Named | undefined {
  const group = groupOfAction.get(action);
  if (group !== undefined) {
    return core.has('ecs-request-buckets') ? { name: group, limit: ecsGroups[group] } : undefined;
  }
  if (clusterReads.has(action)) {
    const burst = clusterReadBursts[core.variant('cluster-read-bucket')];
    return burst === undefined ? undefined : { name: 'cluster-read', limit: limit(burst, 20) };
  }
  return core.variant('unlisted-request-buckets') === 'like-service-modify'
    ? { name: action, limit: ecsGroups['service-modify'] }
    : undefined;
}

/** Each action has a bucket of its own, and one that can read everything at once a second one. */
function ec2BucketOf(core: Core, { operation, input }: Call): Named {
  if (unfilteredActions.has(operation) && isUnfiltered(core, input)) {
    return { name: `ec2 ${operation} unfiltered`, limit: ec2Limits.unfiltered };
  }
  const isRead = /^(Describe|List|Search|Get)/.test(operation);
  const other = operation === 'CreateTags' ? ec2Limits.CreateTags : ec2Limits.writes;
  return { name: `ec2 ${operation}`, limit: isRead ? ec2Limits.reads : other };
}

/** Neither a filter nor a page; whether ids are as good as a filter is not said. */
function isUnfiltered(core: Core, input: Call['input']): boolean {
  const isNarrowed = ['Filter', 'MaxResults', 'NextToken'].some(
    (name) => input[name] !== undefined,
  );
  const hasIds = input.InstanceId !== undefined;
  return !isNarrowed && !(hasIds && core.variant('ec2-ids-as-filter') === 'like-a-filter');
}
