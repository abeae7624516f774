import {
  type FactReader,
  readFacts,
  type ZoneFloodFacts,
  type ZoneImbalanceFacts,
} from '../alert-facts.ts';
import { type Advice, type Draft, nothingToDo, type Scene } from './draft.ts';
import { counted, joined, known, shellWord, spoken } from './words.ts';

type Reader = FactReader<ZoneImbalanceFacts>;

/** Ends that are no balance: nobody wants it any more, or nothing is left to be balanced. */
const otherEnds: ReadonlySet<string | undefined> = new Set([
  'service-not-active',
  'opted-out',
  'nothing-desired',
  'external-launch-type',
  'one-task',
  'daemon-service',
  'the service is gone',
]);

/** `zone-imbalance`: a service that the loss of one zone would hurt more than it has to. */
export function zoneDraft(scene: Scene): Draft {
  if (scene.incident.subject.type === 'cluster') return floodDraft(scene);
  const facts = readFacts<ZoneImbalanceFacts>(scene.incident.facts);
  if (scene.isResolved) return endedDraft(scene, facts);
  return {
    headline: joined([crowdOf(facts), ecsHeadline(facts)], '; '),
    lead: `${lossOf(scene, facts)} ${demandOf(scene)}`,
    since: sinceOf(scene, facts),
    evidence: known([spreadText(facts), facts.text('notes'), bestText(facts), ecsText(facts)]),
    ballast: ballastText(facts),
    next: adviceOf(scene, facts),
    ends: 'balanced for 10 min',
  };
}

/** Many services at once: one card for all of them. */
function floodDraft({ incident, isResolved }: Scene): Draft {
  const facts = readFacts<ZoneFloodFacts>(incident.facts);
  const { cluster } = incident;
  const worst = facts.lines('worst');
  const [first] = worst[0]?.split(': ') ?? [];
  const services = facts.number('services');
  const who = services === undefined ? 'many services' : counted(services, 'service');
  const shared = {
    evidence: isResolved || worst.length === 0 ? ['nothing else to show'] : worst,
    ballast: 'folded them into this one incident; watched only',
    ends: 'each of them balanced for 10 min, or told by a card of its own',
  };
  if (isResolved) {
    return {
      headline: 'its services are spread evenly over zones again',
      lead: `The services of ${cluster} are spread evenly over zones again, or have a card of their own. Nothing to do.`,
      next: nothingToDo,
      ...shared,
    };
  }
  return {
    headline: joined([
      `${who} spread unevenly over zones`,
      first === undefined ? undefined : `${first} the worst`,
    ]),
    lead: `Serving normally. Losing one zone would cost ${who} in ${cluster} more than it has to. Nobody is hurt; change it this week.`,
    next: [
      {
        text: 'see all of them, and the change that would let ECS even each out:',
        command: `npm run -s plan -- --cluster ${shellWord(cluster)}`,
      },
    ],
    ...shared,
  };
}

function endedDraft({ incident, name }: Scene, facts: Reader): Draft {
  const { resolution } = incident;
  const spread = facts.text('spread');
  const isBalanced = !otherEnds.has(resolution);
  const now = spread === undefined ? '' : `, ${spread}`;
  const by = enders[facts.text('endedBy') ?? ''];
  return {
    headline: isBalanced
      ? `spread evenly again${by === undefined ? '' : ` by ${by}`}${now}`
      : `closed, ${spoken(resolution ?? '')}`,
    lead: isBalanced
      ? `${name} is spread evenly over its zones again${now}${by === undefined ? '' : `, after ${by} moved its tasks`}. Nothing to do.`
      : `The zones of ${name} are not watched any more: ${spoken(resolution ?? '')}. Nothing to do.`,
    evidence: known([isBalanced ? spreadText(facts) : undefined, 'nothing else to show']).slice(
      0,
      1,
    ),
    ballast: 'watched only',
    next: nothingToDo,
    ends: 'balanced for 10 min',
  };
}

/** What moved the tasks last before it was over. */
const enders: Readonly<Record<string, string>> = {
  ecs: 'ECS',
  deployment: 'a deployment',
  scaling: 'scaling',
};

/** `5 of 6 tasks in us-east-1a` */
function crowdOf(facts: Reader): string {
  const [fullest, all] = [facts.number('fullest'), facts.number('counted')];
  const zone = facts.text('fullestZone');
  if (fullest === undefined || all === undefined || zone === undefined) {
    return 'tasks crowd in one zone';
  }
  return `${fullest} of ${counted(all, 'task')} in ${zone}`;
}

const isEcsTurn = (facts: Reader): boolean =>
  facts.text('obstacles') === undefined &&
  (facts.text('verdict') === 'ecs-will' ||
    facts.text('reason') === 'recent-rebalancing' ||
    facts.text('reason') === 'recent-placement-failure');

function ecsHeadline(facts: Reader): string {
  if (isEcsTurn(facts)) return 'ECS should rebalance, and has not';
  const [first] = facts.text('obstacles')?.split(', ') ?? [];
  return first === undefined ? 'ECS will not rebalance' : `ECS will not rebalance (${first})`;
}

/** What is at stake, in a sentence; nothing has happened yet. */
function lossOf({ name }: Scene, facts: Reader): string {
  const [zone, left] = [facts.text('lostZone'), facts.number('left')];
  const desired = facts.number('desired');
  if (zone === undefined || left === undefined || desired === undefined) {
    return `Serving normally, but ${name} is spread unevenly over its zones.`;
  }
  const percent = facts.number('leftPercent');
  const share = percent === undefined ? '' : ` (${percent}%)`;
  return `Serving normally. Losing ${zone} leaves ${left} of ${counted(desired, 'task')}${share}.`;
}

const demandOf = ({ notice }: Scene): string =>
  notice.severity === 'info' ? 'For when there is time.' : 'Nobody is hurt; change it this week.';

function sinceOf({ context, incident }: Scene, facts: Reader): string | undefined {
  const sinceMs = facts.number('sinceMs');
  return sinceMs === undefined || sinceMs >= incident.firstAtMs
    ? undefined
    : `first seen ${context.formatTime(sinceMs)}`;
}

function spreadText(facts: Reader): string {
  const [spread, zones, best] = (['spread', 'zones', 'bestSpread'] as const).map((name) =>
    facts.text(name),
  );
  return joined(
    [
      `spread ${spread ?? 'not known'}${zones === undefined ? '' : ` over ${zones}`}`,
      best === undefined ? undefined : `best possible ${best}`,
    ],
    '; ',
  );
}

function bestText(facts: Reader): string | undefined {
  const [bestLeft, minimum] = [facts.number('bestLeft'), facts.number('minimum')];
  return bestLeft === undefined
    ? undefined
    : joined([
        `evenly spread, the loss of any zone would leave ${bestLeft}`,
        minimum === undefined ? undefined : `its minimum is ${minimum}`,
      ]);
}

function ecsText(facts: Reader): string | undefined {
  const detail = facts.text('detail');
  if (isEcsTurn(facts)) return `ECS should act: ${detail ?? 'eligible and enabled'}`;
  const obstacles = facts.text('obstacles');
  return obstacles === undefined ? undefined : `ECS will not: ${obstacles}`;
}

/** What Ballast would do, were it to act: it only watches. */
function ballastText(facts: Reader): string {
  const [reason, detail] = [facts.text('reason'), facts.text('detail')];
  if (facts.text('verdict') === 'would-act') {
    if (reason === 'enable-native-rebalancing')
      return 'watched only: would enable native rebalancing';
    const [moves, needed] = [facts.number('moves'), facts.number('movesNeeded')];
    const room = facts.text('roomIn');
    const what =
      moves === undefined || needed === undefined
        ? 'some of the moves'
        : `${moves} of ${counted(needed, 'move')}`;
    const where = room === undefined ? '' : ` (room in ${room})`;
    return joined([`watched only: would do ${what}${where}`, facts.text('blocked')], '; ');
  }
  if (isEcsTurn(facts) || reason === undefined) return 'watched only';
  return joined([`watched only; could not act: ${spoken(reason)}`, detail]);
}

function adviceOf({ incident, name }: Scene, facts: Reader): readonly Advice[] {
  const where = `--cluster ${shellWord(incident.cluster)}`;
  if (isEcsTurn(facts)) {
    return [
      {
        text: "read the service's events: they say what stops ECS (room, protection, a deployment)",
        command:
          `aws ecs describe-services ${where} --services ${shellWord(name)} ` +
          `--query "services[].events[:10].message"`,
      },
    ];
  }
  if (facts.flag('canEnable') === true) {
    return [
      {
        text: 'enable rebalancing; ECS then does it itself',
        command:
          `aws ecs update-service ${where} --service ${shellWord(name)} ` +
          '--availability-zone-rebalancing ENABLED',
      },
    ];
  }
  // A card may hold no sign that chats read as a link.
  const changes = facts.lines('changes').map((change) => change.replace(/>=/g, 'at least'));
  return changes.length === 0
    ? [{ text: 'read in the runbook what keeps ECS from rebalancing, and lift it' }]
    : [{ text: `${changes.join('; ')}; ECS then does it itself` }];
}
