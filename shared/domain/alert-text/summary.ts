import type { Facts, Incident } from '../incident.ts';

/**
 * The facts of an incident, with what its occurrences have in common put in where nobody said it:
 * the order in which they came makes no difference to a text.
 */
export function summedFacts({ facts, occurrences }: Incident): Facts {
  const all: readonly Facts[] = occurrences.map((occurrence) => occurrence.facts ?? {});
  const lived = all.map(({ livedSeconds }) => livedSeconds).filter(isNumber);
  const instances = distinct(all.map(({ instance }) => instance));
  const zones = distinct(all.map(({ zone }) => zone));
  return {
    ...same('container', all),
    ...same('exitCode', all),
    ...same('stopReason', all),
    ...same('stopCode', all),
    ...(lived.length === 0
      ? {}
      : { livedSecondsMin: Math.min(...lived), livedSecondsMax: Math.max(...lived) }),
    ...place('instance', 'instances', instances),
    ...place('zone', 'zones', zones),
    ...restarting(all),
    ...facts,
  };
}

/** Whether all of them, or only some, are restarts in place. */
function restarting(all: readonly Facts[]): Facts {
  const restarts = all.filter(({ restartsInPlace }) => restartsInPlace === true);
  if (restarts.length === 0) return {};
  return restarts.length === all.length ? { restartsInPlace: true } : { someRestartInPlace: true };
}

const isNumber = (value: Facts[string] | undefined): value is number => typeof value === 'number';

const distinct = (values: readonly (Facts[string] | undefined)[]): readonly string[] => [
  ...new Set(values.filter((value) => typeof value === 'string' && value !== '').map(String)),
];

/** A fact that all who have it agree on. */
function same(name: string, all: readonly Facts[]): Facts {
  const values = new Set(all.flatMap((facts) => facts[name] ?? []));
  const [value] = values;
  return values.size === 1 && value !== undefined ? { [name]: value } : {};
}

const place = (one: string, many: string, names: readonly string[]): Facts => ({
  ...(names.length === 0 ? {} : { [many]: names.length }),
  ...(names.length === 1 && names[0] !== undefined ? { [one]: names[0] } : {}),
});
