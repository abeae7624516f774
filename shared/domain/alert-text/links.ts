import type { Incident, IncidentKind } from '../incident.ts';
import type { AlertContext } from './draft.ts';
import { shellWord } from './words.ts';

/** Addresses and commands at the end of each text. */
export type Links = {
  readonly runbook: string;
  readonly console: string;
  /** Undefined where there is no one place to read logs. */
  readonly logs: string | undefined;
  readonly mute: string;
};

/** How long the command that alerts show mutes: longer than most repairs, shorter than a shift. */
const muteHours = 4;

export function linksOf(incident: Incident, context: AlertContext): Links {
  const { cluster, subject } = incident;
  const isNamed = subject.type === 'service' || subject.type === 'family';
  return {
    runbook: `${context.runbookBase}#${incident.kind}`,
    console: consoleLink(incident, context.region, tabOf(incident.kind)),
    logs: subject.type === 'service' ? consoleLink(incident, context.region, 'logs') : undefined,
    mute:
      `${context.muteCommand} --cluster ${shellWord(cluster)} ` +
      `${isNamed ? `--service ${shellWord(subject.name)} ` : ''}--hours ${muteHours}`,
  };
}

const deploymentKinds: ReadonlySet<IncidentKind> = new Set([
  'rollback',
  'gate-could-not-measure',
  'gate-misconfigured',
  'stage-not-gated',
  'break-glass',
  'hook-timed-out',
  'hook-awaiting-action',
]);

const tabOf = (kind: IncidentKind): string => (deploymentKinds.has(kind) ? 'deployments' : 'tasks');

/** Each partition has a console of its own. */
function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}

function consoleLink({ cluster, subject }: Incident, region: string, tab: string): string {
  const base = `https://${consoleHost(region)}/ecs/v2/clusters/${encodeURIComponent(cluster)}`;
  const pages = {
    service: `services/${encodeURIComponent(subject.name)}/${tab}`,
    family: 'tasks',
    instance: `infrastructure/container-instances/${encodeURIComponent(subject.name)}`,
    zone: 'infrastructure',
    cluster: 'services',
  };
  return `${base}/${pages[subject.type]}?region=${region}`;
}
