import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import type { Observation } from '../../shared/domain/incident-lifecycle.ts';
import { hasRestarts } from '../../shared/domain/restart-loop.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { observeFamily, observePause, observeState } from '../../shared/domain/task-reaction.ts';
import type { Deps } from './handler.ts';
import { applyAll, changes } from './react.ts';
import { isLookedAt, lookForRestarts, type ServiceStates, serviceKeyOf } from './restarts.ts';
import { tell, tellDay } from './tell.ts';
import { tellWeek } from './tell-week.ts';

export type SweepReport = {
  readonly open: number;
  readonly published: number;
};

/** Something was not told or looked at: the error metric says so, as silence would look like calm. */
class SweepFailed extends Error {
  override readonly name = 'SweepFailed';
}

/**
 * Looks at every open incident again: is its service steady, below its minimum, gone, and do its
 * containers restart in place? Then publishes what is due. What fails does not hold up the rest, and
 * fails the sweep when that is done: it is tried again a minute later.
 */
export async function sweep(deps: Deps): Promise<SweepReport> {
  const { incidents, isWhole } = await deps.store.list();
  const open = incidents.filter(({ status }) => status === 'open');
  const states = await readStates(open, deps);
  const { seen, failures: unnoted } = await lookForRestarts(open, states, deps);
  const failures: unknown[] = [...unnoted];
  for (const incident of open) {
    try {
      await observe(incident, states, seen, deps);
    } catch (error) {
      failures.push(error);
      deps.log.error('item-failed', { incidentId: incident.id, ...awsProblemOf(error), error });
    }
  }
  const failed = failures.length;
  const told = await tell(deps);
  failures.push(...told.failures, ...(await tellDay(deps)), ...(await tellWeek(deps)));
  const { published } = told;
  deps.log.info('sweep', { open: open.length, isWhole, failed, published });
  if (failures.length > 0) {
    const what = `${failed} incidents and ${failures.length - failed} messages`;
    throw new SweepFailed(`${what} were not dealt with`, { cause: failures[0] });
  }
  return { open: open.length, published };
}

/** The services of open incidents; what cannot be read is left out, and says nothing. */
async function readStates(open: readonly Incident[], deps: Deps): Promise<ServiceStates> {
  const states = new Map<string, ServiceState | 'missing'>();
  for (const [cluster, group] of Map.groupBy(open, (one) => one.cluster)) {
    for (const [service, state] of await readCluster(cluster, group, deps)) {
      states.set(`${cluster}/${service}`, state);
    }
  }
  return states;
}

async function readCluster(
  cluster: string,
  incidents: readonly Incident[],
  { config, services, log }: Deps,
): Promise<ReadonlyMap<string, ServiceState | 'missing'>> {
  const clusterArn = config.clusterArns.find((arn) => arn.endsWith(`/${cluster}`));
  const names = [
    ...new Set(
      incidents.flatMap(({ subject }) => (subject.type === 'service' ? [subject.name] : [])),
    ),
  ];
  if (clusterArn === undefined || names.length === 0) return new Map();
  try {
    const found = await services.describeServices(clusterArn, names);
    return new Map<string, ServiceState | 'missing'>([
      ...found.missing.map((name) => [name, 'missing'] as const),
      ...found.services.map((state) => [state.service, state] as const),
    ]);
  } catch (error) {
    log.warn('side-read-failed', { what: 'services', ...awsProblemOf(error) });
    return new Map();
  }
}

async function observe(
  incident: Incident,
  states: ServiceStates,
  seen: ReadonlySet<string>,
  deps: Deps,
): Promise<void> {
  const key = serviceKeyOf(incident) ?? '';
  const state = states.get(key);
  const nowMs = deps.clock.nowMs();
  const observations: readonly Observation[] = [
    ...(state === undefined ? [] : observeState(incident, state, nowMs)),
    ...observeFamily(incident, nowMs),
    ...observePause(incident, nowMs),
    { type: 'tick' },
  ];
  // A service in a restart loop looks steady all the time: only who has looked for restarts can tell.
  const isBlind = hasRestarts(incident) && isLookedAt(state) && !seen.has(key);
  const told = observations.filter(({ type }) => !(isBlind && type === 'well'));
  // Read and written only where it would change; what the list does not show yet, the next sweep sees.
  if (!changes(incident, told, deps)) return;
  await applyAll(incident, told, deps);
}
