import { counted, joined } from '../../shared/domain/alert-text/words.ts';
import type { ClusterPlan } from '../../shared/domain/cluster-plan.ts';
import type { Concentration } from '../../shared/domain/concentration.ts';
import { type GroupCost, priceGapText } from '../../shared/domain/cost.ts';
import type { GroupDensity } from '../../shared/domain/density.ts';
import { usdText } from '../../shared/domain/saving.ts';
import { block, bounded, column, labelled, percentText } from './layout.ts';

/** How full the instances are, what hangs on one of them, and what Fargate would cost. */
export function densityLines({ density, costs }: ClusterPlan): readonly string[] {
  const costOf = new Map(costs.map((cost) => [cost.group.name, cost]));
  const groups = density.groups.flatMap((group) => groupLines(group, costOf.get(group.group.name)));
  const concentrated = density.concentrations
    .filter(({ reason }) => reason === 'concentrated')
    .map(concentrationText);
  const lines = [...groups, ...bounded(concentrated)];
  return lines.length === 0 ? [labelled('density', 'no instances')] : block('density', lines);
}

function groupLines(density: GroupDensity, cost: GroupCost | undefined): readonly string[] {
  const { group, fill, idle, overfull, leaving } = density;
  if (fill.instances === 0 && leaving.instances === 0) return [`${column(group.name)}empty`];
  const head = joined(
    [
      `${column(group.name)}vCPU ${percentText(fill.cpuShare)}`,
      `mem ${percentText(fill.memoryShare)}`,
      ...(cost === undefined ? [] : costParts(cost)),
    ],
    '  ',
  );
  const more = joined([
    idle.length > 0 ? `idle: ${listed(idle)}` : undefined,
    overfull.length > 0
      ? `overfull: ${listed(overfull.map(({ instance }) => instance))}`
      : undefined,
    density.interfaces.full.length > 0
      ? `no network interface left: ${listed(density.interfaces.full)}`
      : undefined,
    leaving.instances > 0 ? `leaving: ${counted(leaving.instances, 'instance')}` : undefined,
  ]);
  return more === '' ? [head] : [head, `  ${more}`];
}

/** `$494/mo  Fargate $342 (31% cheaper)  break-even 28 tasks, has 19, 40 fit` */
function costParts(cost: GroupCost): readonly string[] {
  const { here, fargate, comparison, gaps, unfit } = cost;
  if (here === undefined || fargate === undefined || comparison === undefined) {
    const why = gaps[0] === undefined ? cost.reason : priceGapText(gaps[0]);
    const tasks = unfit.map(({ subject, reason }) => `${subject} (${reason})`);
    return [joined([`cost not compared: ${why}`, tasks.length > 0 ? listed(tasks) : undefined])];
  }
  const share = comparison.savingUsdPerMonth / here.usdPerMonth;
  const word =
    share > 0 ? `${percentText(share)} cheaper` : `${percentText(1 / (1 - share) - 1)} dearer`;
  const fit = comparison.tasksFit === undefined ? '' : `, ${comparison.tasksFit} fit`;
  return [
    `${usdText(here.usdPerMonth)}/mo${here.isFeeEstimated ? ' (fee estimated)' : ''}`,
    `Fargate ${usdText(fargate.usdPerMonth)} (${word === '0% dearer' ? 'the same' : word})`,
    `break-even ${counted(comparison.breakEvenTasks, 'task')}, has ${cost.tasks}${fit}`,
  ];
}

const namesMax = 4;

const listed = (names: readonly string[]): string =>
  names.length <= namesMax
    ? names.join(', ')
    : `${names.slice(0, namesMax).join(', ')}, ${names.length - namesMax} more`;

const concentrationText = (one: Concentration): string =>
  `${column(one.service)}${one.onInstance} of ${one.running} tasks on ${one.instance}; ` +
  `losing it leaves ${one.remaining}`;
