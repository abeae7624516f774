import { createAutoScalingReads } from '../../shared/aws/auto-scaling-reads.ts';
import { createEc2Reads } from '../../shared/aws/ec2-reads.ts';
import { createEcsReads, type EcsReads } from '../../shared/aws/ecs-reads.ts';
import { createReadLimiter } from '../../shared/aws/read-limiter.ts';
import type { SnapshotReader } from '../../shared/aws/snapshot-reader.ts';
import { createSnapshotReader } from '../../shared/aws/snapshot-take.ts';
import { createTargetHealthReads } from '../../shared/aws/target-health-reads.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Account } from '../account.ts';
import { directClient } from './client.ts';

/**
 * The real reader of snapshots over calls that end in the account itself. Many calls take longer than
 * few: a function that makes one or two, in the same moment, is done before this has read.
 */
export function createFastSnapshotReader(account: Account, clock: Clock): SnapshotReader {
  const reader = createSnapshotReader(
    {
      ecs: withFewEvents(createEcsReads(directClient(account, 'ecs'))),
      ec2: createEc2Reads(directClient(account, 'ec2')),
      autoScaling: createAutoScalingReads(directClient(account, 'application-autoscaling')),
      targetHealth: createTargetHealthReads(directClient(account, 'elasticloadbalancing')),
    },
    { limiter: createReadLimiter(clock), clock },
  );
  return {
    async read(clusterArn, wants, signal) {
      await clock.sleep(0, signal);
      return await reader.read(clusterArn, wants, signal);
    },
  };
}

type Services = NonNullable<Awaited<ReturnType<EcsReads['describeServices']>>['services']>;
type Events = NonNullable<Services[number]['events']>;

/** Words of the messages that a snapshot is read off: of rebalancing, and of tasks without a place. */
const telling = /AZ |unable to place|could not launch|container instances were found/i;

/**
 * Services have a hundred events each, which every look would search for those that tell something: it
 * gets these alone. A list of events is never changed, a new one takes its place.
 */
function withFewEvents(ecs: EcsReads): EcsReads {
  const known = new WeakMap<Events, Events>();
  const fewOf = (events: Events): Events => {
    const few = known.get(events) ?? events.filter(({ message = '' }) => telling.test(message));
    known.set(events, few);
    return few;
  };
  return {
    ...ecs,
    async describeServices(input, signal) {
      const output = await ecs.describeServices(input, signal);
      const services = output.services?.map((service) =>
        service.events === undefined ? service : { ...service, events: fewOf(service.events) },
      );
      return services === undefined ? output : { ...output, services };
    },
  };
}
