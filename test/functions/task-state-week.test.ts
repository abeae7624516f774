import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../shared/aws/memory-store.ts';
import { densityPartitionOf, type WeekState } from '../../shared/domain/week-findings.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { createLab } from './task-state-lab.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Lab = Awaited<ReturnType<typeof createLab>>;

/** Seven days before `atMs` that Fargate would have been cheaper in. */
const weekBefore = (atMs: number): WeekState => ({
  ...{ group: 'general', atMs, instances: 7, tasks: 19, ec2DiscountPercent: 0, breakEvenTasks: 28 },
  days: [7, 6, 5, 4, 3, 2, 1].map((ago) => ({
    ...{ day: Math.floor(atMs / dayMs) - ago, looks: 288 },
    ...{ hereUsdPerMonth: 494, fargateUsdPerMonth: 342 },
  })),
  ...{ idle: [], full: [], outliers: [] },
});

/** What density would have kept by now. */
async function keepWeek(lab: Lab, change: Partial<WeekState> = {}, version = 0): Promise<void> {
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: createRequestHandler(lab.account),
  });
  const memories = createMemoryStore(client, tableDefinition.TableName);
  const week = { ...weekBefore(lab.nowMs()), ...change };
  const key = { partition: densityPartitionOf('prod'), name: 'series#general' };
  const json = JSON.stringify({ form: 1, series: {}, week });
  expect(await memories.save(key, json, version, lab.nowMs() + dayMs)).toBe(true);
}

/** Lets the time pass until an hour of a weekday in UTC; 1 is Monday. */
function waitUntil(lab: Lab, weekday: number, hour: number): void {
  const isThere = (atMs: number): boolean => {
    const date = new Date(atMs);
    return date.getUTCDay() === weekday && date.getUTCHours() === hour;
  };
  let atMs = Math.floor(lab.nowMs() / hourMs) * hourMs + hourMs;
  while (!isThere(atMs)) atMs += hourMs;
  lab.wait(atMs - lab.nowMs());
}

const weekly = (lab: Lab): readonly string[] =>
  lab.alerts.flatMap(({ attributes, id }) => (attributes.kind === 'digest-weekly' ? [id] : []));

describe('the weekly digest', () => {
  it('comes once on Monday, in the hour of the stack, and again in the next week', async () => {
    const lab = await createLab();
    waitUntil(lab, 1, 8);
    await keepWeek(lab);
    await lab.sweep();
    expect(weekly(lab)).toEqual([]);
    waitUntil(lab, 1, 9);
    await lab.sweep();
    lab.wait(60_000);
    await lab.sweep();
    expect(weekly(lab)).toHaveLength(1);
    expect(lab.subjects()).toContain(
      "[INFO] prod/general: Fargate 31% cheaper at this week's fill ($342 vs $494 a month, list price)",
    );
    waitUntil(lab, 2, 9);
    await lab.sweep();
    expect(weekly(lab)).toHaveLength(1);
    waitUntil(lab, 1, 9);
    await keepWeek(lab, {}, 1);
    await lab.sweep();
    expect(new Set(weekly(lab)).size).toBe(2);
  });

  it('keeps the hour of the time zone', async () => {
    const lab = await createLab({}, { timeZone: 'Asia/Tokyo' });
    waitUntil(lab, 1, 0);
    await keepWeek(lab);
    await lab.sweep();
    expect(weekly(lab)).toHaveLength(1);
  });

  it('comes on the next day where Monday was missed', async () => {
    const lab = await createLab();
    waitUntil(lab, 3, 9);
    await keepWeek(lab);
    await lab.sweep();
    expect(weekly(lab)).toHaveLength(1);
  });

  it.each<readonly [string, Partial<WeekState>]>([
    ['too little is to be saved', { days: weekBefore(0).days.map((one) => ({ ...one, day: 0 })) }],
    ['density has not looked for days', { atMs: 0 }],
  ])('says nothing where %s, and looks no more in this week', async (_, change) => {
    const lab = await createLab();
    waitUntil(lab, 1, 9);
    await keepWeek(lab, change);
    await lab.sweep();
    await keepWeek(lab, {}, 1);
    await lab.sweep();
    expect(weekly(lab)).toEqual([]);
  });

  it('is repeated under its name after a crash before the mark, and never lost', async () => {
    const lab = await createLab();
    waitUntil(lab, 1, 9);
    await keepWeek(lab);
    lab.account.faults.push({
      service: 'dynamodb',
      operation: 'PutItem',
      kind: 'access-denied',
    });
    await expect(lab.sweep()).rejects.toThrow('were not dealt with');
    lab.account.faults.length = 0;
    await lab.sweep();
    await lab.sweep();
    expect(weekly(lab)).toHaveLength(2);
    expect(new Set(weekly(lab)).size).toBe(1);
  });

  it('is told in a later sweep where nothing could be published', async () => {
    let isBroken = true;
    const told: string[] = [];
    const lab = await createLab({
      publisher: {
        publish: async (alert) => {
          if (isBroken) throw new Error('no topic');
          told.push(alert.id);
        },
      },
    });
    waitUntil(lab, 1, 9);
    await keepWeek(lab);
    await expect(lab.sweep()).rejects.toMatchObject({
      message: expect.stringContaining('were not dealt with'),
      cause: new Error('no topic'),
    });
    expect(lab.logs.map(({ message }) => message)).toContain('outbox-failed');
    isBroken = false;
    await lab.sweep();
    await lab.sweep();
    expect(told.filter((id) => id.startsWith('weekly#prod#'))).toHaveLength(1);
  });

  it('passes over a memory that it cannot read', async () => {
    const lab = await createLab();
    waitUntil(lab, 1, 9);
    await keepWeek(lab, { instances: -1 });
    await lab.sweep();
    expect(weekly(lab)).toEqual([]);
    expect(lab.logs.map(({ message }) => message)).toContain('memory-unreadable');
  });
});
