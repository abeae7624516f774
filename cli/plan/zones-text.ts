import { counted } from '../../shared/domain/alert-text/words.ts';
import type { ClusterPlan } from '../../shared/domain/cluster-plan.ts';
import type { ZoneVerdict } from '../../shared/domain/zone-verdict.ts';
import type { ZoneSpread } from '../../shared/domain/zones.ts';
import { block, bounded, column, labelled, zoneName } from './layout.ts';

const labels: Readonly<Record<ZoneVerdict['verdict'], string>> = {
  'would-act': 'WOULD ACT',
  hold: 'WOULD HOLD',
  'ecs-will': 'ECS WILL',
  cannot: 'CANNOT',
  balanced: 'balanced',
  ignored: 'ignored',
};
/** Verdicts that are told one by one, in this order. */
const told = ['would-act', 'hold', 'ecs-will', 'cannot'] as const;

/** What becomes of each service that is not balanced, and what a zone's loss would cost. */
export function zoneLines({ zones, region }: ClusterPlan): readonly string[] {
  const byVerdict = Map.groupBy(zones.verdicts, ({ verdict }) => verdict);
  return [
    ...told.flatMap((verdict) =>
      bounded((byVerdict.get(verdict) ?? []).flatMap((one) => verdictLines(one, region))),
    ),
    ...(['balanced', 'ignored'] as const).flatMap((verdict) => {
      const own = byVerdict.get(verdict) ?? [];
      return own.length === 0 ? [] : [labelled(labels[verdict], summaryOf(own))];
    }),
    ...lossLines(zones.losses, region),
  ];
}

const namesMax = 6;

function summaryOf(verdicts: readonly ZoneVerdict[]): string {
  const names = verdicts.map(({ service }) => service);
  const more = names.length > namesMax ? `, ${names.length - namesMax} more` : '';
  return `${counted(names.length, 'service')}: ${names.slice(0, namesMax).join(', ')}${more}`;
}

function verdictLines(verdict: ZoneVerdict, region: string): readonly string[] {
  const { service, spread, reason, detail, moves } = verdict;
  const after = moves.length === 0 ? '' : ` -> ${countsText(afterMoves(verdict))}`;
  const first = [
    column(service),
    column(`${spreadText(spread, region)}${after}`, spreadChars),
    `${reason}: ${detail}`,
  ].join('');
  const changes = obstaclesToTell(verdict).map(
    ({ reason: why, change }) => `  ECS would with ${change} (${why})`,
  );
  return block(labels[verdict.verdict], [first, ...changes]);
}

const spreadChars = 24;

/** What would let ECS do it: not where that is what Ballast does, or where nothing is to be spread. */
function obstaclesToTell({ reason, detail, obstacles }: ZoneVerdict): ZoneVerdict['obstacles'] {
  if (reason === 'enable-native-rebalancing' || reason === 'one-task') return [];
  return obstacles.filter(({ change }) => !detail.includes(change));
}

/** `5/1/0 (1a/1b/1c)` */
function spreadText({ zones, counts }: ZoneSpread, region: string): string {
  if (zones.length === 0) return '-';
  return `${countsText(counts)} (${zones.map((zone) => zoneName(zone, region)).join('/')})`;
}

const countsText = (counts: readonly number[]): string => counts.join('/');

/** How the service stands once its moves are made. */
function afterMoves({ spread, moves }: ZoneVerdict): readonly number[] {
  return spread.zones.map((zone, at) => {
    const came = moves.filter(({ toZone }) => toZone === zone).length;
    const left = moves.filter(({ fromZone }) => fromZone === zone).length;
    return (spread.counts[at] ?? 0) + came - left;
  });
}

/** `1a leaves 54%   1b 71%   worst: search keeps 17% without 1a` */
function lossLines(losses: ClusterPlan['zones']['losses'], region: string): readonly string[] {
  const known = losses.filter(({ leftPercent }) => leftPercent !== undefined);
  if (known.length === 0) return [];
  const parts = known.map(
    ({ zone, leftPercent }, at) =>
      `${zoneName(zone, region)} ${at === 0 ? 'leaves ' : ''}${leftPercent}%`,
  );
  const worst = losses
    .flatMap(({ zone, worst: one }) => (one === undefined ? [] : [{ zone, ...one }]))
    .reduce<{ zone: string; service: string; leftPercent: number } | undefined>(
      (a, b) => (a === undefined || b.leftPercent < a.leftPercent ? b : a),
      undefined,
    );
  const tail =
    worst === undefined
      ? ''
      : `   worst: ${worst.service} keeps ${worst.leftPercent}% without ${zoneName(worst.zone, region)}`;
  return [labelled('zone loss', `${parts.join('   ')}${tail}`)];
}
