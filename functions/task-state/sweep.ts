import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import type { Observation } from '../../shared/domain/incident-lifecycle.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { observeState } from '../../shared/domain/task-reaction.ts';
import type { Deps } from './handler.ts';
import { apply } from './react.ts';
import { tell, tellDay } from './tell.ts';

export type SweepReport = {
  readonly open: number;
  readonly failed: number;
  readonly published: number;
};

/**
 * Looks at every open incident again: is its service steady, below its minimum, gone? Then publishes
 * what is due. One incident that fails does not hold up the others.
 */
export async function sweep(deps: Deps): Promise<SweepReport> {
  const { incidents, isWhole } = await deps.store.list();
  const open = incidents.filter(({ status }) => status === 'open');
  let failed = 0;
  for (const [cluster, group] of Map.groupBy(open, (one) => one.cluster)) {
    const states = await readStates(cluster, group, deps);
    for (const incident of group) {
      try {
        await observe(incident, states, deps);
      } catch (error) {
        failed += 1;
        deps.log.error('item-failed', { incidentId: incident.id, ...awsProblemOf(error), error });
      }
    }
  }
  const published = await tell(deps);
  await tellDay(deps);
  deps.log.info('sweep', { open: open.length, isWhole, failed, published });
  return { open: open.length, failed, published };
}

type States = ReadonlyMap<string, ServiceState | 'missing'>;

/** The services of a cluster's open incidents; what cannot be read is left out, and says nothing. */
async function readStates(
  cluster: string,
  incidents: readonly Incident[],
  { config, services, log }: Deps,
): Promise<States> {
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

async function observe(incident: Incident, states: States, deps: Deps): Promise<void> {
  const state = incident.subject.type === 'service' ? states.get(incident.subject.name) : undefined;
  const nowMs = deps.clock.nowMs();
  const observations: readonly Observation[] = [
    ...(state === undefined ? [] : observeState(incident, state, nowMs)),
    { type: 'tick' },
  ];
  for (const observation of observations) await apply({ key: incident, observation }, deps);
}
