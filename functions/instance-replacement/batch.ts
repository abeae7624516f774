import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { InstanceNotice } from '../../shared/domain/instance-notice.ts';
import { noted, phaseOf } from '../../shared/domain/instance-replacement.ts';
import { idOf } from '../../shared/domain/replacement-look.ts';
import { type Batch, type BatchAnswer, isBatch } from '../../shared/events/batch.ts';
import { type InstanceEvent, parseInstanceEvent } from '../../shared/events/instance-event.ts';
import { isOwnCluster, readMessage } from '../../shared/runtime/read-message.ts';
import { within } from '../../shared/runtime/time.ts';
import { noteMsMax } from './budget.ts';
import type { Find } from './finder.ts';
import type { Deps } from './handler.ts';
import { openRecords, type Records } from './records.ts';

export { type BatchAnswer, isBatch };

type InstanceNotices = Exclude<InstanceEvent, { kind: 'ignored' }>;

type RecordsOf = (clusterArn: string) => Promise<Records>;

/**
 * Puts every event of a batch on record, each by itself. An event says where to look: what it means is
 * judged by the next run, on what the cluster looks like then. ECS's own come first: EC2's may cost a
 * look-up, and for what there is no time it goes back to the queue.
 */
export async function noteBatch({ Records }: Batch, find: Find, deps: Deps): Promise<BatchAnswer> {
  const { clock, log } = deps;
  const untilMs = clock.nowMs() + noteMsMax;
  const opened = new Map<string, Promise<Records>>();
  const recordsOf: RecordsOf = (clusterArn) => {
    const known = opened.get(clusterArn);
    if (known !== undefined) return known;
    const reading = openRecords(clusterArn, deps);
    opened.set(clusterArn, reading);
    return reading;
  };
  const failed = new Set<string>();
  const attempt = async (messageId: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log.error('item-failed', { messageId, ...awsProblemOf(error), error });
      failed.add(messageId);
    }
  };
  const messages: Message[] = [];
  for (const record of Records) {
    const { messageId } = record;
    await attempt(messageId, async () => {
      messages.push({ messageId, notices: noticesOf(record, deps) });
    });
  }
  let left = 0;
  for (const { messageId, notices } of inTurn(messages)) {
    if (clock.nowMs() >= untilMs) {
      left += 1;
      failed.add(messageId);
      continue;
    }
    await attempt(messageId, async () => {
      for (const notice of notices) await note(notice, { find, recordsOf, untilMs }, deps);
    });
  }
  log.info('batch', { received: Records.length, failed: failed.size, left });
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}

type Message = { readonly messageId: string; readonly notices: readonly InstanceNotice[] };

/** In the order of coming, but those that take no look-up first. */
function inTurn(messages: readonly Message[]): readonly Message[] {
  const isOfEc2 = ({ notices }: Message): boolean => notices.some(({ kind }) => kind === 'ec2');
  return [...messages.filter((one) => !isOfEc2(one)), ...messages.filter(isOfEc2)];
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

type Noting = {
  readonly find: Find;
  readonly recordsOf: RecordsOf;
  readonly untilMs: number;
};

async function note(
  notice: InstanceNotice,
  { find, recordsOf, untilMs }: Noting,
  { clock, log }: Deps,
): Promise<void> {
  const { signal } = new AbortController();
  const place =
    notice.kind === 'ec2'
      ? await within(untilMs - clock.nowMs(), 'finding an instance', clock, signal, (ending) =>
          find(notice, recordsOf, ending),
        )
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
