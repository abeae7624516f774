import type { Instance as Ec2Instance, InstanceEventWindow } from '@aws-sdk/client-ec2';
import { compareTexts } from '../domain/order.ts';
import { recordOf, sortedRecordOf } from '../domain/record.ts';
import type { EventWindow, InstanceType, Snapshot, TimeRange } from '../domain/snapshot.ts';
import type { Ec2Reads } from './ec2-reads.ts';
import type { Ec2Facts } from './snapshot-instances.ts';
import { batchesOf, noteMissing, type Reading, readPages } from './snapshot-reading.ts';

/** Ids or filter values in one call; EC2 takes 200 values: https://docs.aws.amazon.com/ec2/latest/devguide/query-api-troubleshooting.html */
const batchMax = 100;
/** Event windows in one page; the largest that EC2 gives. */
const eventWindowPageSize = 500;

/**
 * What EC2 knows of instances, by id. They are asked for one by one, because lists leave managed
 * instances out by default.
 */
export async function readEc2Facts(
  reading: Reading,
  ec2: Pick<Ec2Reads, 'describeInstances'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Ec2Facts>> {
  const place = { subject: 'launch-times', operation: 'ec2:DescribeInstances' } as const;
  const facts = new Map<string, Ec2Facts>();
  const readSome = async (batch: readonly string[]): Promise<void> => {
    const found = await reading.part(place, () => describeKnown(reading, ec2, batch));
    if (found === undefined) return;
    for (const instance of found) {
      if (instance.InstanceId !== undefined) facts.set(instance.InstanceId, ec2FactsOf(instance));
    }
    noteMissing(reading, place, batch, facts);
  };
  await Promise.all(batchesOf(ids, batchMax).map(readSome));
  return facts;
}

/** Calls for one batch at most: EC2 refuses a whole batch for an id that it does not know. */
const triesMax = 3;

/** Instances by id, without those that EC2 has forgotten: it keeps terminated ones for an hour. */
async function describeKnown(
  reading: Reading,
  ec2: Pick<Ec2Reads, 'describeInstances'>,
  ids: readonly string[],
): Promise<readonly Ec2Instance[]> {
  let known = ids;
  for (let tries = 1; known.length > 0; tries += 1) {
    try {
      const asked = known;
      const output = await reading.call((signal) =>
        ec2.describeInstances({ InstanceIds: [...asked] }, signal),
      );
      return (output.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
    } catch (error) {
      const unknown = unknownIdsIn(error);
      const rest = known.filter((id) => !unknown.has(id));
      if (tries >= triesMax || rest.length === known.length) throw error;
      known = rest;
    }
  }
  return [];
}

/** Ids that EC2 says it does not know: `The instance IDs 'i-0a, i-0b' do not exist`. */
function unknownIdsIn(error: unknown): ReadonlySet<string> {
  const isUnknown = error instanceof Error && error.name === 'InvalidInstanceID.NotFound';
  return new Set(isUnknown ? (error.message.match(/\bi-[0-9a-f]+\b/g) ?? []) : []);
}

const ec2FactsOf = (instance: Ec2Instance): Ec2Facts => ({
  launchedAtMs: instance.LaunchTime?.getTime(),
  isSpot: instance.InstanceLifecycle === 'spot',
  tags: recordOf(ec2Tags(instance.Tags)),
});

type Ec2Tags =
  | readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]
  | undefined;

const ec2Tags = (tags: Ec2Tags): readonly (readonly [string, string])[] =>
  (tags ?? []).flatMap(({ Key, Value }) => (Key ? [[Key, Value ?? '']] : []));

/** Zones of subnets by id. By filter, so that a subnet that is gone does not cost the others. */
export async function readSubnetZones(
  reading: Reading,
  ec2: Pick<Ec2Reads, 'describeSubnets'>,
  ids: readonly string[],
): Promise<Snapshot['subnetZones']> {
  const place = { subject: 'subnets', operation: 'ec2:DescribeSubnets' } as const;
  const zones = new Map<string, string>();
  const readSome = async (batch: readonly string[]): Promise<void> => {
    const isWhole = await readPages(
      reading,
      place,
      async (token) => {
        const input = filteredPage('subnet-id', batch, token);
        const output = await reading.call((signal) => ec2.describeSubnets(input, signal));
        return { entries: output.Subnets, nextToken: output.NextToken };
      },
      (subnets) => {
        for (const { SubnetId, AvailabilityZone } of subnets) {
          if (SubnetId && AvailabilityZone) zones.set(SubnetId, AvailabilityZone);
        }
      },
    );
    if (isWhole) noteMissing(reading, place, batch, zones);
  };
  await Promise.all(batchesOf(ids, batchMax).map(readSome));
  return sortedRecordOf(zones);
}

/** Limits of instance types by type. */
export async function readInstanceTypes(
  reading: Reading,
  ec2: Pick<Ec2Reads, 'describeInstanceTypes'>,
  types: readonly string[],
): Promise<Snapshot['instanceTypes']> {
  const place = { subject: 'instance-types', operation: 'ec2:DescribeInstanceTypes' } as const;
  const found = new Map<string, InstanceType>();
  const readSome = async (batch: readonly string[]): Promise<void> => {
    const isWhole = await readPages(
      reading,
      place,
      async (token) => {
        const input = filteredPage('instance-type', batch, token);
        const output = await reading.call((signal) => ec2.describeInstanceTypes(input, signal));
        return { entries: output.InstanceTypes, nextToken: output.NextToken };
      },
      (infos) => {
        for (const { InstanceType: type, VCpuInfo, MemoryInfo, NetworkInfo } of infos) {
          if (!type || !VCpuInfo?.DefaultVCpus || !MemoryInfo?.SizeInMiB) continue;
          found.set(type, {
            vCpus: VCpuInfo.DefaultVCpus,
            memoryMiB: MemoryInfo.SizeInMiB,
            eniMax: NetworkInfo?.MaximumNetworkInterfaces,
          });
        }
      },
    );
    if (isWhole) noteMissing(reading, place, batch, found);
  };
  await Promise.all(batchesOf(types, batchMax).map(readSome));
  return sortedRecordOf(found);
}

const filteredPage = (name: string, values: readonly string[], token: string | undefined) => ({
  Filters: [{ Name: name, Values: [...values] }],
  ...(token === undefined ? {} : { NextToken: token }),
});

/** All event windows of the account and Region that stay. */
export async function readEventWindows(
  reading: Reading,
  ec2: Pick<Ec2Reads, 'describeInstanceEventWindows'>,
): Promise<readonly EventWindow[]> {
  const windows: EventWindow[] = [];
  await readPages(
    reading,
    { subject: 'event-windows', operation: 'ec2:DescribeInstanceEventWindows' },
    async (token) => {
      const page = token === undefined ? {} : { NextToken: token };
      const input = { MaxResults: eventWindowPageSize, ...page };
      const output = await reading.call((signal) =>
        ec2.describeInstanceEventWindows(input, signal),
      );
      return { entries: output.InstanceEventWindows, nextToken: output.NextToken };
    },
    (found) => {
      windows.push(...found.flatMap(eventWindowOf));
    },
  );
  return windows.sort((a, b) => compareTexts(a.id, b.id));
}

function eventWindowOf(window: InstanceEventWindow): readonly EventWindow[] {
  const { InstanceEventWindowId: id, AssociationTarget: target, State } = window;
  if (id === undefined || State === 'deleting' || State === 'deleted') return [];
  return [
    {
      id,
      instanceIds: target?.InstanceIds ?? [],
      tags: ec2Tags(target?.Tags).map(([key, value]) => ({ key, value })),
      timeRanges: (window.TimeRanges ?? []).flatMap(timeRangesOf),
      cron: window.CronExpression,
    },
  ];
}

type Ec2TimeRange = NonNullable<InstanceEventWindow['TimeRanges']>[number];

/** A range that does not say when it is, is none. */
const timeRangesOf = (range: Ec2TimeRange): readonly TimeRange[] => {
  const { StartWeekDay, StartHour, EndWeekDay, EndHour } = range;
  return StartWeekDay && EndWeekDay && StartHour !== undefined && EndHour !== undefined
    ? [{ startDay: StartWeekDay, startHour: StartHour, endDay: EndWeekDay, endHour: EndHour }]
    : [];
};
