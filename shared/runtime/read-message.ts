import type { Batch } from '../events/batch.ts';
import { MalformedInput, parseJson } from '../events/malformed.ts';
import type { Log } from './log.ts';

/** What an event reader says of an event that asks for nothing. */
type Ignored = { readonly kind: 'ignored'; readonly reason: string; readonly detail: string };

/**
 * What `parse` makes of a queue's message; undefined for one that asks for nothing or cannot be read.
 * Either is logged with its reason and is done with: to receive it again would change nothing.
 */
export function readMessage<Event extends { readonly kind: string }>(
  { messageId, body }: Batch['Records'][number],
  parse: (event: unknown) => Event | Ignored,
  log: Log,
): Event | undefined {
  try {
    const event = parse(parseJson(body, 'body'));
    if (!isIgnored(event)) return event;
    log.debug('event-ignored', { messageId, reason: event.reason, detail: event.detail });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    log.warn('event-dropped', { messageId, reason: 'malformed-event', detail: error.message });
  }
  return undefined;
}

const isIgnored = (event: { readonly kind: string }): event is Ignored => event.kind === 'ignored';

/** Whether a cluster is one of the stack's; where it is not, that is logged. */
export function isOwnCluster(
  clusterArn: string,
  clusterArns: readonly string[],
  { messageId, log }: { readonly messageId: string; readonly log: Log },
): boolean {
  if (clusterArns.includes(clusterArn)) return true;
  log.debug('event-ignored', { messageId, reason: 'other-cluster', detail: clusterArn });
  return false;
}
