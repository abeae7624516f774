import { assert } from './assert.ts';
import type { Incident } from './incident.ts';

/** Someone's wish for silence about one service, or a whole cluster, until a time. */
export type Mute = {
  readonly cluster: string;
  /** A service or a family of standalone tasks; undefined: everything in the cluster. */
  readonly service: string | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly by: string;
  readonly reason: string;
};

/** Longest mute: a forgotten one must end by itself. */
export const muteMsMax = 7 * 24 * 3_600_000;
/** Longest name and reason in a mute, in characters. */
export const muteTextCharsMax = 300;

/** What is wrong with a mute, as a sentence; undefined when nothing is. */
export function problemOfMute(mute: Mute): string | undefined {
  if (mute.cluster === '') return 'name the cluster';
  if (mute.service === '') return 'name the service, or leave it out for the whole cluster';
  if (mute.untilMs <= mute.fromMs) return 'a mute ends after it began';
  if (mute.untilMs - mute.fromMs > muteMsMax) return 'a mute lasts 7 days at most';
  if (mute.by === '' || mute.reason === '') return 'say who mutes, and why';
  const isLong = mute.by.length > muteTextCharsMax || mute.reason.length > muteTextCharsMax;
  return isLong ? `keep who and why within ${muteTextCharsMax} characters` : undefined;
}

/** The same for all messages that one mute holds back. */
export function muteIdOf({ cluster, service, untilMs }: Mute): string {
  assert(!cluster.includes('#'), 'a cluster has no # in its name');
  return `mute#${cluster}/${service ?? '*'}#${untilMs}`;
}

const isAbout = ({ cluster, service }: Mute, incident: Incident): boolean =>
  cluster === incident.cluster &&
  (service === undefined ||
    (service === incident.subject.name && ['service', 'family'].includes(incident.subject.type)));

/** The mute that silences this incident now; of several the one that ends last. */
export const muteOf = (
  mutes: readonly Mute[],
  incident: Incident,
  nowMs: number,
): Mute | undefined =>
  mutes
    .filter((mute) => mute.fromMs <= nowMs && nowMs < mute.untilMs && isAbout(mute, incident))
    .sort((a, b) => b.untilMs - a.untilMs || (muteIdOf(a) < muteIdOf(b) ? -1 : 1))[0];
