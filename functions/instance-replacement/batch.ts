import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { InstanceNotice } from '../../shared/domain/instance-notice.ts';
import { noted, phaseOf } from '../../shared/domain/instance-replacement.ts';
import { idOf } from '../../shared/domain/replacement-look.ts';
import { type Batch, type BatchAnswer, isBatch } from '../../shared/events/batch.ts';
import { type InstanceEvent, parseInstanceEvent } from '../../shared/events/instance-event.ts';
import { isOwnCluster, readMessage } from '../../shared/runtime/read-message.ts';
import type { Find } from './finder.ts';
import type { Deps } from './handler.ts';
import { openRecords, type Records } from './records.ts';

export { type BatchAnswer, isBatch };

type InstanceNotices = Exclude<InstanceEvent, { kind: 'ignored' }>;

type RecordsOf = (clusterArn: string) => Promise<Records>;

/**
 * Puts every event of a batch on record, each by itself. An event says where to look: what it means is
 * judged by the next run, on what the cluster looks like then.
 */
export async function noteBatch({ Records }: Batch, find: Find, deps: Deps): Promise<BatchAnswer> {
  const opened = new Map<string, Promise<Records>>();
  const recordsOf: RecordsOf = (clusterArn) => {
    const known = opened.get(clusterArn);
    if (known !== undefined) return known;
    const reading = openRecords(clusterArn, deps);
    opened.set(clusterArn, reading);
    return reading;
  };
  const failed: { itemIdentifier: string }[] = [];
  for (const record of Records) {
    const { messageId } = record;
    try {
      for (const notice of noticesOf(record, deps)) await note(notice, find, recordsOf, deps);
    } catch (error) {
      deps.log.error('item-failed', { messageId, ...awsProblemOf(error), error });
      failed.push({ itemIdentifier: messageId });
    }
  }
  deps.log.info('batch', { received: Records.length, failed: failed.length });
  return { batchItemFailures: failed };
}

/** What a message says of instances; anything else is logged with its reason, and is done with. */
function noticesOf(
  record: Batch['Records'][number],
  { config, log }: Deps,
): readonly InstanceNotice[] {
  const { messageId } = record;
  const event = readMessage<InstanceNotices>(record, parseInstanceEvent, log);
  return (event?.notices ?? []).filter(
    (notice) =>
      notice.kind === 'ec2' ||
      isOwnCluster(notice.clusterArn, config.clusterArns, { messageId, log }),
  );
}

async function note(
  notice: InstanceNotice,
  find: Find,
  recordsOf: RecordsOf,
  { log }: Deps,
): Promise<void> {
  const place =
    notice.kind === 'ec2'
      ? await find(notice, recordsOf)
      : { clusterArn: notice.clusterArn, id: idOf(notice.instanceArn) };
  if (place === undefined) {
    const detail = notice.kind === 'ec2' ? notice.ec2InstanceId : '-';
    log.debug('event-ignored', { reason: 'unknown-instance', detail });
    return;
  }
  const records = await recordsOf(place.clusterArn);
  const before = records.of(place.id);
  const record = await records.update(place.id, (current) =>
    withEc2Id(noted(current, notice), notice),
  );
  const { cluster } = records;
  const phase = phaseOf(record);
  const level = notice.kind === 'ec2' || phase !== (before && phaseOf(before)) ? 'info' : 'debug';
  const said =
    notice.kind === 'ec2'
      ? { hint: notice.hint, detail: notice.detail }
      : { status: notice.status };
  log[level]('notice', { cluster, instance: place.id, phase, ...said });
}

/** An instance that was just looked up is known by both of its ids from now on. */
const withEc2Id = (
  record: ReturnType<typeof noted>,
  notice: InstanceNotice,
): ReturnType<typeof noted> =>
  record.ec2InstanceId === undefined && notice.ec2InstanceId !== undefined
    ? { ...record, ec2InstanceId: notice.ec2InstanceId }
    : record;
