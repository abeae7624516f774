import type { AlertRecord, ServiceCount } from '../../../simulator/record.ts';
import type { LogRecord } from '../../../simulator/stack/lambda.ts';
import { alert, at, count } from '../../support/run-records.ts';
import type { CheckerCase } from './checker-case.ts';

/** Three days of a stack that looks at density; the instances stay. */
const measuring = { functions: ['density'], endMs: at(3 * 1_440) };
const bothWatch = { ...measuring, functions: ['az-balance', 'density'] };
const hanging = (minutes: number, changes: Partial<ServiceCount> = {}) =>
  count(minutes, {
    ...{ desired: 6, running: 6, floor: 6, zones: { a: 2, b: 2, c: 2 }, onOneInstance: 4 },
    ...changes,
  });
const hangingCard = (minutes: number, changes: Partial<AlertRecord> = {}) =>
  alert(minutes, {
    ...{ kind: 'concentration', incidentId: 'one-1', messageId: `one-1#${minutes}` },
    ...changes,
  });
const look = (minutes: number, fields: LogRecord['fields'] = {}): LogRecord => ({
  ...{ atMs: at(minutes), functionName: 'density', level: 'info', message: 'metrics', fields },
});
const looksFrom = (minutes: number, until: number) =>
  Array.from({ length: (until - minutes) / 5 + 1 }, (_, index) => look(minutes + 5 * index));
const metric = (minutes: number, names: readonly string[], values: LogRecord['fields'] = {}) =>
  look(minutes, {
    ...{ Cluster: 'prod', ...values },
    _aws: {
      CloudWatchMetrics: [{ Dimensions: [['Cluster']], Metrics: names.map((Name) => ({ Name })) }],
    },
  });
const instances = (minutes: number, value: number) =>
  metric(minutes, ['Instances'], { Instances: value });
const fleet = (minutes: number, instances_: number) => ({
  atMs: at(minutes),
  instances: instances_,
});
const hangingDigest = (service: string) => ({
  atMs: at(500),
  text: `Open        WARN ${service}: concentration, since Fri 20 Nov 02:05Z`,
});
const elevenNames = Array.from({ length: 11 }, (_, index) => `Figure${index}`);

export const densityCases: readonly CheckerCase[] = [
  [
    'concentrations-told',
    'a service hangs on one instance for two days, and there is no card',
    { ...measuring, counts: [hanging(100)], alerts: [hangingCard(140)] },
    { ...measuring, counts: [hanging(100)] },
  ],
  [
    'concentrations-told',
    'the digest that might name it names another',
    { ...measuring, counts: [hanging(100)], digests: [hangingDigest('web')] },
    { ...measuring, counts: [hanging(100)], digests: [hangingDigest('api')] },
  ],
  [
    'concentrations-told',
    'it is as many as its zones need, or one more',
    { ...measuring, counts: [hanging(100, { zones: { a: 3, b: 3 }, onOneInstance: 3 })] },
    { ...measuring, counts: [hanging(100, { zones: { a: 4, b: 2 } })] },
  ],
  [
    'concentrations-told',
    'an instance was leaving until it was over, or was not',
    {
      ...{ ...measuring, counts: [hanging(100), hanging(180, { onOneInstance: 2 })] },
      drains: [{ fromMs: at(90), untilMs: at(170) }],
    },
    { ...measuring, counts: [hanging(100), hanging(180, { onOneInstance: 2 })] },
  ],
  [
    'concentration-cards-true',
    'it has hung on one instance for half an hour, or for a quarter',
    { ...measuring, counts: [hanging(100)], alerts: [hangingCard(131)] },
    { ...measuring, counts: [hanging(100)], alerts: [hangingCard(115)] },
  ],
  [
    'concentration-cards-true',
    'what was between was too short to be seen, or was not',
    {
      ...measuring,
      counts: [hanging(100), hanging(120, { onOneInstance: 2 }), hanging(123)],
      alerts: [hangingCard(135)],
    },
    {
      ...measuring,
      counts: [hanging(100), hanging(110, { onOneInstance: 2 }), hanging(123)],
      alerts: [hangingCard(135)],
    },
  ],
  [
    'one-card-a-harm',
    'its zones are even, or are not',
    { ...bothWatch, counts: [hanging(100)], alerts: [hangingCard(140)] },
    {
      ...{ ...bothWatch, counts: [hanging(100, { zones: { a: 4, b: 1, c: 1 } })] },
      alerts: [hangingCard(140)],
    },
  ],
  [
    'one-card-a-harm',
    'its zones are nobody’s business, or az-balance’s',
    {
      ...{ ...bothWatch, counts: [hanging(100, { zones: { a: 4, b: 1, c: 1 } })] },
      ...{ tags: { web: { 'ballast:az-balance': 'off' } }, alerts: [hangingCard(140)] },
    },
    {
      ...{ ...bothWatch, counts: [hanging(100, { zones: { a: 4, b: 1, c: 1 } })] },
      ...{ tags: { web: { 'ballast:density': 'observe' } }, alerts: [hangingCard(140)] },
    },
  ],
  [
    'concentrations-end',
    'it is spread again, and the card is closed, or is not',
    {
      ...{ ...measuring, counts: [hanging(100), hanging(200, { onOneInstance: 2 })] },
      alerts: [hangingCard(140), hangingCard(235, { transition: 'resolve' })],
    },
    {
      ...{ ...measuring, counts: [hanging(100), hanging(200, { onOneInstance: 2 })] },
      alerts: [hangingCard(140)],
    },
  ],
  [
    'concentrations-end',
    'it wants three tasks, and nobody judges three',
    {
      ...{ ...measuring, counts: [hanging(100), hanging(200, { onOneInstance: 4 })] },
      alerts: [hangingCard(140)],
    },
    {
      ...measuring,
      counts: [hanging(100), hanging(200, { desired: 3, running: 3, onOneInstance: 3 })],
      alerts: [hangingCard(140)],
    },
  ],
  [
    'density-never-pages',
    'a card, or a page',
    { ...measuring, alerts: [hangingCard(140)] },
    { ...measuring, alerts: [hangingCard(140, { topic: 'pages' })] },
  ],
  [
    'density-looks',
    'a look every five minutes, or one left out',
    { functions: ['density'], logs: looksFrom(45, 600) },
    { functions: ['density'], logs: [...looksFrom(45, 300), ...looksFrom(310, 600)] },
  ],
  [
    'density-metrics-true',
    'three instances are there, and three are counted, or four',
    { ...measuring, fleet: [fleet(0, 3)], logs: [instances(60, 3)] },
    { ...measuring, fleet: [fleet(0, 3)], logs: [instances(60, 4)] },
  ],
  [
    'density-metrics-true',
    'what has changed a minute ago may be counted either way, and a quarter of an hour later not',
    { ...measuring, fleet: [fleet(0, 3), fleet(59, 4)], logs: [instances(60, 3)] },
    { ...measuring, fleet: [fleet(0, 3), fleet(59, 4)], logs: [instances(75, 3)] },
  ],
  [
    'density-metrics-true',
    'ten metrics, or eleven',
    { ...measuring, logs: [metric(60, elevenNames.slice(1))] },
    { ...measuring, logs: [metric(60, elevenNames.slice(1)), metric(65, elevenNames.slice(0, 1))] },
  ],
];
