import type { Incident, Subject } from './incident.ts';
import { fingerprintOf } from './incident-key.ts';
import { stormWindowMs } from './incident-policy.ts';

export const openedAtMsOf = ({ openedAtMs, firstAtMs }: Incident): number =>
  openedAtMs ?? firstAtMs;

export const byOpening = (a: Incident, b: Incident): number =>
  openedAtMsOf(a) - openedAtMsOf(b) || (fingerprintOf(a) < fingerprintOf(b) ? -1 : 1);

/** `service/web`, `family/report`: one text for one member, whatever it is called. */
export const nameOf = ({ type, name }: Subject): string => `${type}/${name}`;

/** Distinct services, by {@link nameOf}. */
export const servicesOf = (incidents: readonly Incident[]): ReadonlySet<string> =>
  new Set(incidents.map(({ subject }) => nameOf(subject)));

/**
 * Members of any {@link stormWindowMs} in which at least `servicesMin` different services were first
 * hit; takes them oldest first, and returns them so. A service counts once, by its first opening: so a
 * fold counts it too, and reaches its threshold.
 */
export function burstOf(members: readonly Incident[], servicesMin: number): readonly Incident[] {
  const burst = new Set<Incident>();
  const firsts = new Set(
    [...Map.groupBy(members, ({ subject }) => nameOf(subject)).values()].map(([first]) => first),
  );
  for (const from of members) {
    const fromMs = openedAtMsOf(from);
    const window = members.filter(
      (member) => openedAtMsOf(member) >= fromMs && openedAtMsOf(member) - fromMs <= stormWindowMs,
    );
    const services = window.filter((member) => firsts.has(member)).length;
    if (services >= servicesMin) for (const member of window) burst.add(member);
  }
  return members.filter((member) => burst.has(member));
}
