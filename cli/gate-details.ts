import { readRawDetails } from '../shared/events/hook-details.ts';

/** A configuration as far as it can be tried without the deployment that it is meant for. */
export type LocalDetails = {
  readonly details: Readonly<Record<string, unknown>>;
  /** Keys that were taken out, as they are written in `hookDetails`. */
  readonly leftOut: readonly string[];
  /** Names of CloudWatch alarms, which nobody can look at here. */
  readonly alarms: readonly string[];
};

/** Of `endpoint`: where to call is given to the command. */
const placed = ['url', 'blueUrl', 'protocol', 'container'] as const;

/**
 * Takes out of a configuration, which has been read as a good one, what only AWS knows: who green is, where
 * else to call, and values of secrets and parameters.
 */
export function withoutDeployment(value: unknown): LocalDetails {
  const details = structuredClone(readRawDetails(value).config) as Record<string, unknown>;
  const leftOut: string[] = [];
  const { identity, endpoint, checks, alarms } = details;
  if (isObject(identity) && !isObject(identity.equals)) {
    delete details.identity;
    leftOut.push('identity');
  }
  if (isObject(endpoint)) {
    for (const key of placed) {
      if (endpoint[key] === undefined) continue;
      delete endpoint[key];
      leftOut.push(`endpoint.${key}`);
    }
  }
  for (const [at, check] of (Array.isArray(checks) ? checks : []).entries()) {
    leftOut.push(...withoutReferences(check).map((name) => `checks[${at}].headers.${name}`));
  }
  return { details, leftOut, alarms: Array.isArray(alarms) ? alarms.map(String) : [] };
}

/** Removes headers whose value stands somewhere else; returns their names. */
function withoutReferences(check: unknown): readonly string[] {
  const headers = isObject(check) ? check.headers : undefined;
  if (!isObject(headers)) return [];
  const names = Object.keys(headers).filter((name) => typeof headers[name] !== 'string');
  for (const name of names) delete headers[name];
  return names;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
