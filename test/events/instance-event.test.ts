import { describe, expect, it } from 'vitest';
import { parseInstanceEvent } from '../../shared/events/instance-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { sampleEventsOf } from '../support/event-rules.ts';

/** What each file of events/instance-replacement/ comes to, in one line. */
const expected: Readonly<Record<string, string>> = {
  'aws-health-closed.json': 'aws-health-over i-0a71c2e3f4a5b6c70 2026-11-24T05:59:51.000Z',
  'aws-health-fargate-retirement.json':
    'health-not-followed AWS_ECS_TASK_PATCHING_RETIREMENT page 1 of 1',
  'aws-health-issue.json': 'aws-health i-0a71c2e3f4a5b6c70 2026-11-24T05:59:51.000Z',
  'aws-health-retirement-page-1.json': 'aws-health i-0a71c2e3f4a5b6c70 2026-11-24T05:59:51.000Z',
  'aws-health-retirement-page-2.json': 'aws-health i-0b12d4e5f60718293 2026-11-24T05:59:51.000Z',
  'aws-health-short-day.json': 'aws-health i-0b12d4e5f60718293 2026-12-04T05:59:51.000Z',
  'aws-health-without-entities.json': 'aws-health i-0b12d4e5f60718293 2026-11-24T06:00:05.000Z',
  'ec2-pending.json': 'state-not-followed pending',
  'ec2-shutting-down.json': 'ec2-stopping i-0a71c2e3f4a5b6c70 2026-11-26T02:42:00.000Z',
  'ec2-terminated.json': 'ec2-stopping i-0a71c2e3f4a5b6c70 2026-11-26T02:43:10.000Z',
  'ec2-unknown-instance.json': 'ec2-stopping i-0deadbeef12345678 2026-11-26T02:43:10.000Z',
  'health-impaired-agent.json': 'prod 4f1c IMPAIRED 2026-11-25T22:34:13.000Z',
  'health-impaired-gpu.json': 'prod 4f1c IMPAIRED 2026-11-25T21:00:02.000Z',
  'health-ok-ec2.json': 'prod 7a90 OK 2026-11-25T23:02:00.000Z',
  'health-without-checks.json': 'prod 4f1c INSUFFICIENT_DATA 2026-11-25T23:10:00.000Z',
  'malformed-health-time.json':
    'event.detail.lastUpdatedTime: expected a time as in RFC 1123, got "2026-11-24T05:59:51Z"',
  'malformed-no-source.json': 'event.source: expected a value, got nothing',
  'malformed-spot-no-instance.json': 'event.detail.instance-id: expected a value, got nothing',
  'malformed-state-arn.json':
    'event.detail.containerInstanceArn: expected a container instance ARN, got "prod/4f1c"',
  'malformed-state-no-cluster.json': 'event.detail.clusterArn: expected a value, got nothing',
  'malformed-state-no-version.json': 'event.detail.version: expected a value, got nothing',
  'rebalance-recommendation.json':
    'rebalance-recommendation i-0b12d4e5f60718293 2026-11-26T02:05:00.000Z',
  'rebalance-unknown-instance.json':
    'rebalance-recommendation i-0deadbeef12345678 2026-11-26T02:05:00.000Z',
  'spot-interruption.json': 'spot-interruption i-0b12d4e5f60718293 2026-11-26T02:11:00.000Z',
  'spot-unknown-instance.json': 'spot-interruption i-0deadbeef12345678 2026-11-26T02:11:00.000Z',
  'state-active-again.json': 'prod 4f1c ACTIVE 46 2026-11-26T02:25:00.417Z',
  'state-deregistering-managed.json': 'prod 4f1c DEREGISTERING 52 2026-11-26T02:41:12.417Z',
  'state-draining-departure.json': 'prod 4f1c DRAINING 44 2026-11-26T02:18:31.417Z',
  'state-draining-duplicate.json': 'prod 4f1c DRAINING 41 2026-11-26T02:10:04.417Z',
  'state-draining-ec2.json': 'prod 7a90 DRAINING 310 2026-11-26T02:12:00.417Z',
  'state-draining-external.json': 'prod c0ff DRAINING 17 2026-11-26T02:13:00.417Z',
  'state-draining-managed.json': 'prod 4f1c DRAINING 41 2026-11-26T02:10:04.417Z',
  'state-inactive-managed.json': 'prod 4f1c INACTIVE 53 2026-11-26T02:43:55.417Z',
  'state-other-cluster.json': 'staging 4f1c DRAINING 41 2026-11-26T02:10:04.417Z',
  'state-short-arn.json': 'prod 4f1c DRAINING 41 2026-11-26T02:10:04.417Z',
  'state-unknown-fields.json': 'prod 4f1c DRAINING 41 2026-11-26T02:10:04.000Z',
  'state-unknown-status.json': 'prod 4f1c HIBERNATING 60 2026-11-26T03:00:00.417Z',
  'state-version-as-text.json': 'prod 4f1c DRAINING 41 2026-11-26T02:10:04.417Z',
  'unknown-detail-type.json': 'unknown-detail-type EC2 Capacity Reservation Interruption Warning',
  'unknown-source.json': 'unknown-source custom.ec2',
};

const tail = (arn: string): string => arn.split('/').at(-1) ?? '';

function lineOf(value: unknown): string {
  try {
    const event = parseInstanceEvent(value);
    if (event.kind === 'ignored') return `${event.reason} ${event.detail}`;
    return event.notices
      .map((notice) => {
        const at = new Date(notice.atMs).toISOString();
        if (notice.kind === 'ec2') return `${notice.hint} ${notice.ec2InstanceId} ${at}`;
        const whose = `${tail(notice.clusterArn)} ${tail(notice.instanceArn).slice(0, 4)}`;
        return notice.kind === 'health'
          ? `${whose} ${notice.status} ${at}`
          : `${whose} ${notice.status} ${notice.version} ${at}`;
      })
      .join(', ');
  } catch (error) {
    if (error instanceof MalformedInput) return error.message;
    throw error;
  }
}

const samples = sampleEventsOf('instance-replacement');

describe('an event about an instance', () => {
  it.each(samples)('$file', ({ file, event }) => expect(lineOf(event)).toBe(expected[file]));

  it('has a sample of each, and no more', () => {
    expect(samples.map(({ file }) => file)).toEqual(Object.keys(expected).sort());
  });

  it.each([undefined, null, 7, 'text', [], {}])('is refused where it is none: %j', (value) => {
    expect(() => parseInstanceEvent(value)).toThrow(MalformedInput);
  });
});
