import { type FactReader, type ReplacementAheadFacts, readFacts } from '../alert-facts.ts';
import { type Draft, nothingToDo, type Scene } from './draft.ts';
import { counted, durationText, joined, known, shellWord } from './words.ts';

type Reader = FactReader<ReplacementAheadFacts>;

const minuteMs = 60_000;

/** `replacement-ahead`: instances that ECS will drain, where that hurts someone. */
export function replacementAheadDraft(scene: Scene): Draft {
  const facts = readFacts<ReplacementAheadFacts>(scene.incident.facts);
  const { isResolved, incident } = scene;
  return {
    headline: isResolved
      ? (verifiedText(facts) ?? 'nothing is at risk by a replacement any more')
      : joined([`${whoText(facts)} ${whenText(scene, facts)}`, firstHarm(facts)]),
    lead: isResolved ? endOf(scene, facts) : leadOf(facts),
    evidence: known([
      whatText(scene, facts) ?? 'ECS drains a managed instance 14 days after its launch',
      ...(isResolved ? [] : known([windowText(scene, facts)])),
      namesText(facts),
      ...(isResolved ? outcomeLines(facts) : hurtLines(facts)),
    ]),
    ballast: 'watched only; all times are estimates, a drain may come earlier',
    next: isResolved ? afterwards(facts) : adviceOf(facts, incident.cluster),
    ends: 'when nothing is at risk any more, or all are replaced and on record',
  };
}

/** `5 of 7 instances` */
function whoText(facts: Reader): string {
  const [count, of] = [facts.number('instances'), facts.number('ofInstances')];
  const isOne = count === 1;
  const what =
    facts.text('eventWindow') === undefined
      ? `${isOne ? 'reaches' : 'reach'} day 14`
      : `${isOne ? 'drains' : 'drain'} in a window`;
  if (count === undefined) return `instances ${what}`;
  return of === undefined
    ? `${counted(count, 'instance')} ${what}`
    : `${count} of ${counted(of, 'instance')} ${what}`;
}

/** `event window iew-0f1, as it is today; without it day 14, Fri 27 Nov 02:10Z` */
function windowText({ context }: Scene, facts: Reader): string | undefined {
  const [id, dueMs] = [facts.text('eventWindow'), facts.number('dueMs')];
  if (id === undefined) return undefined;
  const due = dueMs === undefined ? undefined : `without it day 14, ${context.formatTime(dueMs)}`;
  return joined([`event window ${id}, as it is today`, due], '; ');
}

/** `from Thu 26 Nov 02:10Z`, `together on Thu 26 Nov 02:10Z` */
function whenText({ context }: Scene, facts: Reader): string {
  const [fromMs, toMs] = [facts.number('fromMs'), facts.number('toMs')];
  if (fromMs === undefined) return 'soon';
  const spanMs = (toMs ?? fromMs) - fromMs;
  const isAlone = (facts.number('instances') ?? 1) < 2;
  const from = context.formatTime(fromMs);
  if (isAlone) return `on ${from}`;
  return spanMs < minuteMs ? `together on ${from}` : `from ${from}`;
}

/** `hurts ledger and 1 more` */
function firstHarm(facts: Reader): string | undefined {
  const names = new Set(facts.lines('harmLines').map(whomIn));
  const [name] = names;
  if (name === undefined) return undefined;
  const harmed = facts.number('harmed') ?? names.size;
  return harmed > 1 ? `hurts ${name} and ${harmed - 1} more` : `hurts ${name}`;
}

/** `batch` of `5 x batch: standalone, ...`. */
const whomIn = (line: string): string => (line.split(':')[0] ?? line).replace(/^\d+ x /, '');

const hurtLines = (facts: Reader): Draft['evidence'] =>
  known([
    ...facts.lines('harmLines').map((line) => `will hurt ${line}`),
    moreText(facts),
    fineText(facts),
    roomText(facts),
  ]);

function leadOf(facts: Reader): string {
  const harms = facts.number('harms');
  if (harms === undefined)
    return 'Nothing is wrong yet. Something will be lost or stuck unless someone acts.';
  return `Nothing is wrong yet. ${counted(harms, 'thing')} will be lost or stuck unless someone acts.`;
}

function endOf({ incident }: Scene, facts: Reader): string {
  const replaced = facts.number('replaced');
  if (replaced === undefined) {
    return `Nothing in ${incident.cluster} is at risk by this replacement any more. Nothing to do.`;
  }
  const were = `${counted(replaced, 'instance')} of ${incident.cluster} ${replaced === 1 ? 'was' : 'were'} replaced`;
  const lost = facts.number('tasksLost') ?? 0;
  const notBack = facts.lines('notBack').length;
  const short = facts.lines('stillShort').length;
  if (lost === 0 && notBack === 0 && short === 0)
    return `${were}, and nothing is known to be lost. Nothing to do.`;
  return `${were}. ${joined([
    lost === 0
      ? undefined
      : `${counted(lost, 'standalone task')} went with ${replaced === 1 ? 'it' : 'them'}`,
    notBack === 0
      ? undefined
      : `${counted(notBack, 'service')} took more than two hours to come back`,
    short === 0
      ? undefined
      : `${counted(short, 'service')} ${short === 1 ? 'is' : 'are'} not back at ${short === 1 ? 'its' : 'their'} count`,
  ])}.`;
}

/** `5/5 replaced, 0 tasks lost, took 7 h 30 min, forecast off by 4 min` */
function verifiedText(facts: Reader): string | undefined {
  const [replaced, of] = [facts.number('replaced'), facts.number('ofReplaced')];
  if (replaced === undefined) return undefined;
  const [lost, tookMs] = [facts.number('tasksLost'), facts.number('tookMs')];
  const errorMs = facts.number('forecastErrorMs');
  return joined([
    `${replaced}/${of ?? replaced} replaced`,
    lost === undefined ? undefined : `${counted(lost, 'task')} lost`,
    tookMs === undefined ? undefined : `took ${durationText(Math.max(tookMs, 0))}`,
    errorMs === undefined ? undefined : `forecast off by ${durationText(errorMs)}`,
  ]);
}

const outcomeLines = (facts: Reader): Draft['evidence'] =>
  known([
    verifiedText(facts),
    facts.lines('lostNames').length === 0
      ? undefined
      : `gone with their instance: ${facts.lines('lostNames').join(', ')}`,
    facts.lines('notBack').length === 0
      ? undefined
      : `not back within two hours: ${facts.lines('notBack').join(', ')}`,
    facts.lines('stillShort').length === 0
      ? undefined
      : `below their count still: ${facts.lines('stillShort').join(', ')}`,
  ]);

/** ECS does not say whether a standalone task was done when its instance went. */
function afterwards(facts: Reader): Draft['next'] {
  const advice = [
    ...((facts.number('tasksLost') ?? 0) === 0
      ? []
      : [{ text: 'were those tasks done? if not, start them again' }]),
    ...(facts.lines('stillShort').length === 0
      ? []
      : [{ text: 'look after the services that are not back; each has an alert of its own' }]),
  ];
  return advice.length === 0 ? nothingToDo : advice;
}

/** `Thu 26 Nov 02:10Z to Thu 26 Nov 02:50Z; ECS kills what is left from Thu 3 Dec 02:10Z` */
function whatText({ context }: Scene, facts: Reader): string | undefined {
  const [fromMs, toMs, deadlineMs] = [
    facts.number('fromMs'),
    facts.number('toMs'),
    facts.number('deadlineMs'),
  ];
  const times = [fromMs, toMs].flatMap((atMs) =>
    atMs === undefined ? [] : [context.formatTime(atMs)],
  );
  const kills =
    deadlineMs === undefined
      ? undefined
      : `ECS kills what is left from ${context.formatTime(deadlineMs)}`;
  const text = joined([[...new Set(times)].join(' to '), kills], '; ');
  return text === '' ? undefined : text;
}

function namesText(facts: Reader): string | undefined {
  const text = joined(
    [
      facts.text('instanceNames'),
      facts.text('zones') === undefined ? undefined : `zones ${facts.text('zones')}`,
      facts.text('provider') === undefined ? undefined : `provider ${facts.text('provider')}`,
    ],
    '; ',
  );
  if (text === '') return undefined;
  return facts.flag('isHerd') ? `herd: ${text}` : text;
}

function moreText(facts: Reader): string | undefined {
  const shown = facts.lines('harmLines').length;
  const more = facts.number('moreHarms') ?? (facts.number('harms') ?? 0) - shown;
  return shown > 0 && more > 0 ? `and ${more} more` : undefined;
}

function fineText(facts: Reader): string | undefined {
  const fine = facts.number('fineServices') ?? 0;
  if (fine < 1) return undefined;
  return `${counted(fine, 'service')} can move within min/max`;
}

function roomText(facts: Reader): string | undefined {
  const tasks = facts.number('homelessTasks') ?? 0;
  return tasks < 1
    ? undefined
    : `${counted(tasks, 'task')} will need new instances, which ECS launches`;
}

function adviceOf(facts: Reader, cluster: string): Draft['next'] {
  const changes = facts.lines('changes').map((text) => ({ text }));
  return changes.length > 0
    ? changes
    : [
        {
          text: 'look at the calendar:',
          command: `npm run -s plan -- --cluster ${shellWord(cluster)}`,
        },
      ];
}
