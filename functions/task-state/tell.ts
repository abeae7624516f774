import { awsProblemOf } from '../../shared/aws/errors.ts';
import {
  type AlertPublisher,
  type OutboxDeps,
  publishDaily,
  publishDue,
} from '../../shared/aws/outbox.ts';
import { PartlySentError, refusalsIn } from '../../shared/aws/topic-publisher.ts';
import { renderDigest } from '../../shared/domain/alert-text/digest.ts';
import type { AlertContext } from '../../shared/domain/alert-text/draft.ts';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { ConfigError } from '../../shared/runtime/env.ts';
import { createDayReader, createTimeFormatter } from '../../shared/runtime/time-format.ts';
import type { Config } from './config.ts';
import type { Deps } from './handler.ts';
import { readPlaces } from './places.ts';

const muteCommandFor = (table: string): string => `npm run -s mute -- add --table ${table}`;

/** What went out, and what kept the rest from it. */
export type Told = { readonly published: number; readonly failures: readonly unknown[] };

/** Publishes what is due. Whatever goes wrong stays in the outbox, and the next sweep tries again. */
export async function tell(deps: Deps): Promise<Told> {
  try {
    const report = await publishDue(outboxOf(deps), deps.clock.nowMs());
    for (const { messageId, error } of report.failed) {
      for (const refusal of refusalsIn(error))
        deps.log.error('alert-not-sent', { messageId, ...awsProblemOf(refusal) });
    }
    // Nothing can be over for a storm as long as one of its members cannot be read.
    if (report.unreadable.length > 0) deps.log.error('unreadable', { keys: report.unreadable });
    return {
      published: report.published.length,
      failures: report.failed.map(({ error }) => error),
    };
  } catch (error) {
    deps.log.error('outbox-failed', { ...awsProblemOf(error), error });
    return { published: 0, failures: [error] };
  }
}

/**
 * Tells the day's digest once, in the hour that the stack sets; a crash repeats it under its id. Returns
 * what kept it from being told.
 */
export async function tellDay(deps: Deps): Promise<readonly unknown[]> {
  const { store, clock, config, log } = deps;
  const nowMs = clock.nowMs();
  const { day, hour } = createDayReader(config.timeZone)(nowMs);
  if (hour !== config.digestHour) return [];
  try {
    if (await store.isDigestTold(day)) return [];
    const published = await publishDaily(outboxOf(deps), day, nowMs);
    await store.markDigestTold(day, nowMs);
    log.info('digest', { day, published });
    return [];
  } catch (error) {
    log.error('outbox-failed', { ...awsProblemOf(error), error });
    return [error];
  }
}

/** What the outbox needs to write and send a message. */
export function outboxOf(deps: Deps): OutboxDeps {
  const { store, config } = deps;
  const context = alertContextOf(config);
  return {
    store,
    publisher: publisherOf(deps),
    render: (incident, notice) => renderAlert(incident, notice, context),
    renderDigest: (digest) => renderDigest(digest, context),
    runningPlaces: (cluster) => readPlaces(deps, cluster),
  };
}

/**
 * Publishes, and logs each message as soon as it is out: what comes after it may take longer than the
 * function has.
 */
export const publisherOf = ({
  publisher,
  log,
}: Pick<Deps, 'publisher' | 'log'>): AlertPublisher => ({
  async publish(alert, sentBefore = []) {
    const messageId = alert.id;
    try {
      await publisher.publish(alert, sentBefore);
    } catch (error) {
      if (error instanceof PartlySentError && error.sentTo.length > sentBefore.length)
        log.info('alert-sent', { messageId, onlyTo: error.sentTo });
      throw error;
    }
    log.info('alert-sent', { messageId });
  },
});

/** What every text of this stack is written with. */
export const alertContextOf = (config: Config): AlertContext => ({
  formatTime: createTimeFormatter(config.timeZone),
  region: regionOf(config),
  runbookBase: config.runbookBase,
  muteCommand: muteCommandFor(config.tableName),
});

/** A stack serves one Region: that of its topics. */
function regionOf({ alertsTopicArn }: Config): string {
  const region = alertsTopicArn.split(':')[3];
  if (!region)
    throw new ConfigError(`ALERTS_TOPIC_ARN must be a topic's ARN, got "${alertsTopicArn}"`);
  return region;
}
