import type {
  ContainerInstance,
  Service as EcsService,
  Task as EcsTask,
} from '@aws-sdk/client-ecs';
import { compareTexts } from '../domain/order.ts';
import type { CapacityProvider, Snapshot } from '../domain/snapshot.ts';
import type { BaseFacts } from './snapshot-base.ts';
import { providerKinds } from './snapshot-compute.ts';
import {
  type Ec2Facts,
  type InstanceFacts,
  instanceFactsOf,
  instanceOf,
} from './snapshot-instances.ts';
import { type ServiceFacts, serviceFactsOf, serviceOf } from './snapshot-services.ts';
import { type TaskFacts, taskFactsOf, taskOf } from './snapshot-tasks.ts';

/** What EC2 adds to what ECS says of instances. */
export type Ec2Additions = {
  readonly ec2Facts: ReadonlyMap<string, Ec2Facts>;
  /** Keys of tags that an event window is tied to. */
  readonly tagKeys: ReadonlySet<string>;
};

/** Facts of each thing that an answer lists; none of one that is gone. */
type Facts<Thing, Fact> = (things: readonly Thing[]) => readonly (readonly Fact[])[];

/** How a snapshot is made of what AWS answers: each is a function of its arguments alone. */
export type SnapshotMaking = {
  readonly taskFacts: Facts<EcsTask, TaskFacts>;
  readonly instanceFacts: Facts<ContainerInstance, InstanceFacts>;
  readonly serviceFacts: Facts<EcsService, ServiceFacts>;
  /** Tasks, services and instances of a snapshot, each kind in the order of ARNs. */
  readonly assembled: (
    facts: BaseFacts,
    providers: readonly CapacityProvider[],
    additions?: Ec2Additions,
  ) => Pick<Snapshot, 'tasks' | 'services' | 'instances'>;
  /** The snapshot itself, or one that is equal to it in everything. */
  readonly finished: (snapshot: Snapshot) => Snapshot;
};

/** Makes everything anew: answers of AWS are never the same objects twice. */
export const plainMaking: SnapshotMaking = {
  taskFacts: (tasks) => tasks.map(taskFactsOf),
  instanceFacts: (instances) => instances.map(instanceFactsOf),
  serviceFacts: (services) => services.map(serviceFactsOf),
  assembled: (facts, providers, additions) => {
    const { ec2Facts = new Map(), tagKeys = new Set<string>() } = additions ?? {};
    const kinds = providerKinds(providers, facts.tasks);
    const instances = facts.instances.map((one) => instanceOf(one, kinds, ec2Facts, tagKeys));
    const byArn = new Map(instances.map((one) => [one.arn, one]));
    return {
      tasks: inOrder(facts.tasks.map((task) => taskOf(task, kinds, byArn))),
      services: inOrder(facts.services.map((service) => serviceOf(service, kinds))),
      instances: inOrder(instances),
    };
  },
  finished: (snapshot) => snapshot,
};

/** In the order of their ARNs. */
const inOrder = <Thing extends { readonly arn: string }>(
  things: readonly Thing[],
): readonly Thing[] => [...things].sort((a, b) => compareTexts(a.arn, b.arn));
