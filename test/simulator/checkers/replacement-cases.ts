import type {
  DrainHistory,
  InstanceHistory,
  Standstill,
} from '../../../simulator/instance-history.ts';
import type { AlertRecord, RunRecord } from '../../../simulator/record.ts';
import { alert, at } from '../../support/run-records.ts';

const hours = (count: number): number => 60 * count;
const day14 = hours(14 * 24);

const stand = (from: number, until: number, changes: Partial<Standstill> = {}): Standstill => ({
  ...{ fromMs: at(from), untilMs: at(until), owners: ['service/cart'] },
  ...changes,
});
const drain = (from: number, until: number, ...stands: readonly Standstill[]): DrainHistory => ({
  ...{ fromMs: at(from), untilMs: at(until), stands },
});
/** Launched as the run began. */
const instance = (changes: Partial<InstanceHistory>): InstanceHistory => ({
  ...{ id: 'c1c1c1c1c1c1', isManaged: true, launchedMs: at(0), registeredMs: at(1) },
  ...{ goneMs: undefined, drains: [], hazards: [] },
  ...changes,
});

/** A month of a stack that follows instances. */
const month = { functions: ['instance-replacement'], endMs: at(hours(30 * 24)) };
const withInstance = (changes: Partial<InstanceHistory>): Partial<RunRecord> => ({
  ...month,
  instances: [instance(changes)],
});

const logged = (message: string, minutes: number, fields: Readonly<Record<string, unknown>>) => ({
  ...{ atMs: at(minutes), functionName: 'instance-replacement', level: 'info' as const, message },
  fields: { instance: 'c1c1c1c1c1c1', ...fields },
});
const forecast = (minutes: number, drainAt: number) =>
  logged('forecast', minutes, { drainAtMs: at(drainAt) });

const stuckCard = (minutes: number, changes: Partial<AlertRecord> = {}): AlertRecord =>
  alert(minutes, {
    ...{ kind: 'drain-stuck', incidentId: 'drain-1', messageId: `drain-1#${minutes}` },
    ...{ service: '-', subject: '[WARN] instance c1c1c1c1 in prod: draining 1 h, 1 task stuck' },
    ...changes,
  });
const foldCard = (minutes: number, changes: Partial<AlertRecord> = {}): AlertRecord =>
  stuckCard(minutes, {
    ...{ kind: 'drains-stuck', incidentId: 'drains-1', service: 'cart' },
    ...{ subject: '[WARN] cart in prod: keeps 2 draining instances' },
    ...changes,
  });
const aheadCard = (minutes: number, changes: Partial<AlertRecord> = {}): AlertRecord =>
  alert(minutes, { kind: 'replacement-ahead', incidentId: 'ahead-1', service: '-', ...changes });

const onDay14 = withInstance({ drains: [drain(day14, day14 + 10)] });
const hurtful = (before: readonly string[], later: readonly string[]) =>
  withInstance({
    drains: [drain(day14, day14 + 10)],
    hazards: [
      { atMs: at(day14 - hours(31)), what: before },
      { atMs: at(day14 - hours(24)), what: later },
    ],
  });
/** Stuck on day 3 for so many hours. */
const day3 = hours(72);
const stuck = (lasting: number, changes: Partial<Standstill> = {}) =>
  withInstance({ drains: [drain(day3, day3 + lasting, stand(day3, day3 + lasting, changes))] });
const overdue = day3 + hours(6 * 24);
const gone = withInstance({ goneMs: at(hours(50)) });

/** As `cases` of the checkers' test. */
export const replacementCases: readonly (readonly [
  name: string,
  why: string,
  held: Partial<RunRecord>,
  broken: Partial<RunRecord>,
])[] = [
  [
    'replacements-forecast',
    'a drain on day 14 was not forecast a day before',
    { ...onDay14, logs: [forecast(day14 - hours(25), day14)] },
    { ...onDay14, logs: [forecast(day14 - hours(23), day14)] },
  ],
  [
    'replacements-forecast',
    'it was forecast for another time',
    { ...onDay14, logs: [forecast(5, day14 + 59)] },
    { ...onDay14, logs: [forecast(5, day14), forecast(6, day14 + 61)] },
  ],
  [
    'replacements-forecast',
    'the instance was known for a day',
    withInstance({
      registeredMs: at(day14 - hours(30)),
      drains: [drain(day14, day14 + 10)],
    }),
    withInstance({
      registeredMs: at(day14 - hours(31)),
      drains: [drain(day14, day14 + 10)],
    }),
  ],
  [
    'replacements-forecast',
    'it is its age that it is drained for',
    withInstance({ drains: [drain(day14 - 61, day14)] }),
    withInstance({ drains: [drain(day14 - 59, day14)] }),
  ],
  [
    'harmful-replacements-told',
    'what was going to hurt was told a day ahead',
    { ...hurtful(['service/cart stuck'], ['service/cart stuck']), alerts: [aheadCard(100)] },
    {
      ...hurtful(['service/cart stuck'], ['service/cart stuck']),
      alerts: [aheadCard(day14 - hours(23))],
    },
  ],
  [
    'harmful-replacements-told',
    'it was not taken back before',
    hurtful(['service/cart stuck'], ['family/report standalone']),
    {
      ...hurtful(['service/cart stuck'], ['service/cart stuck']),
      alerts: [aheadCard(100), aheadCard(200, { transition: 'resolve' })],
    },
  ],
  [
    'harmful-replacements-told',
    'whom it hurts has not opted out',
    {
      ...hurtful(['service/cart stuck'], ['service/cart stuck']),
      tags: { cart: { 'ballast:instance-replacement': 'off' } },
    },
    hurtful(['service/cart stuck'], ['service/cart stuck']),
  ],
  [
    'stuck-drains-told',
    'a drain stands still, and nobody hears of it',
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 100)] },
    stuck(hours(5)),
  ],
  [
    'stuck-drains-told',
    'it was told in time',
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 139)] },
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 141)] },
  ],
  [
    'stuck-drains-told',
    'another instance or another service is told',
    { ...stuck(hours(5)), alerts: [foldCard(day3 + 100)] },
    {
      ...stuck(hours(5)),
      alerts: [
        stuckCard(day3 + 100, { subject: '[WARN] instance d2d2d2d2 in prod: draining' }),
        foldCard(day3 + 100, { service: 'web' }),
      ],
    },
  ],
  [
    'stuck-drains-told',
    'what was told is over',
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 70)] },
    {
      ...stuck(hours(5)),
      alerts: [stuckCard(day3 + 70), stuckCard(day3 + 80, { transition: 'resolve' })],
    },
  ],
  [
    'stuck-drains-told',
    'who keeps it has not opted out',
    { ...stuck(hours(5)), tags: { cart: { 'ballast:instance-replacement': 'off' } } },
    {
      ...stuck(hours(5), { owners: ['service/cart', 'service/web'] }),
      tags: { cart: { 'ballast:instance-replacement': 'off' } },
    },
  ],
  [
    'stuck-drains-paged',
    'nobody is paged a day before the seven days of an early drain are over',
    {
      ...stuck(hours(7 * 24)),
      alerts: [stuckCard(day3 + 100), stuckCard(overdue + 20, { severity: 'critical' })],
    },
    { ...stuck(hours(7 * 24)), alerts: [stuckCard(day3 + 100)] },
  ],
  [
    'stuck-drains-paged',
    'somebody is paged in time',
    {
      ...stuck(hours(7 * 24)),
      alerts: [foldCard(day3 + 100), foldCard(overdue + 29, { severity: 'critical' })],
    },
    {
      ...stuck(hours(7 * 24)),
      alerts: [foldCard(day3 + 100), foldCard(overdue + 31, { severity: 'critical' })],
    },
  ],
  [
    'stuck-drains-paged',
    'ECS may kill nothing on other machines',
    withInstance({
      isManaged: false,
      drains: [drain(day3, overdue + 100, stand(day3, overdue + 100))],
    }),
    withInstance({ drains: [drain(day3, overdue + 100, stand(day3, overdue + 100))] }),
  ],
  [
    'stuck-drains-true',
    'a task left within the hour, and not because it took so long to stop',
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 53)] },
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 52)] },
  ],
  [
    'stuck-drains-true',
    'it is over for long',
    { ...stuck(hours(5)), alerts: [foldCard(day3 + hours(5) + 89)] },
    { ...stuck(hours(5)), alerts: [foldCard(day3 + hours(5) + 91)] },
  ],
  [
    'stuck-drains-end',
    'an incident outlives its drain',
    {
      ...stuck(hours(5)),
      alerts: [stuckCard(day3 + 100), stuckCard(day3 + hours(5) + 29, { transition: 'resolve' })],
    },
    { ...stuck(hours(5)), alerts: [stuckCard(day3 + 100)] },
  ],
  [
    'replacements-on-record',
    'an instance is gone, and nothing is on record',
    { ...gone, logs: [logged('replacement', hours(50) + 5, { reason: 'verified' })] },
    { ...gone, logs: [logged('replacement', hours(50) + 5, { instance: 'd2d2d2d2' })] },
  ],
  [
    'replacements-on-record',
    'it comes too late',
    { ...gone, logs: [logged('replacement', hours(53) - 1, { reason: 'not-recovered' })] },
    { ...gone, logs: [logged('replacement', hours(53) + 1, { reason: 'not-recovered' })] },
  ],
];
