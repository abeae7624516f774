import * as v from 'valibot';
import type { InstanceNotice } from '../domain/instance-notice.ts';
import { parseEvent } from './envelope.ts';
import { optionalText, text } from './fields.ts';

const rfc1123 =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** AWS Health writes times as mail does, the day with one digit or two: `Wed, 16 Aug 2023 23:18:51 GMT`. */
const optionalHttpTimeMs = v.pipe(
  optionalText,
  v.check(
    (value) => value === undefined || (rfc1123.test(value) && !Number.isNaN(Date.parse(value))),
    'expected a time as in RFC 1123',
  ),
  v.transform((value) => (value === undefined ? undefined : Date.parse(value))),
);

/** Counts of pages come as text, and are for the log alone: a page stands by itself. */
const page = v.nullish(v.union([v.string(), v.number()]), '1');

const detailSchema = v.object({
  service: text,
  eventTypeCode: text,
  eventTypeCategory: optionalText,
  statusCode: optionalText,
  communicationId: optionalText,
  lastUpdatedTime: optionalHttpTimeMs,
  affectedEntities: v.nullish(
    v.array(v.object({ entityValue: optionalText, status: optionalText })),
    [],
  ),
  page,
  totalPages: page,
});

/** What an instance outlives: a reboot, maintenance of the network or the power. */
const passing = /MAINTENANCE|REBOOT/;

export type HealthPage = {
  readonly notices: readonly InstanceNotice[];
  /** `AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED page 1 of 2`, for the log. */
  readonly what: string;
};

/**
 * Reads one page of an `AWS Health Event`: its EC2 instances, one notice each. The pages of one
 * communication come as events of their own, in any order, and each names other entities, so none has
 * to wait for another. Tasks of Fargate are not named here: ECS replaces those by itself.
 * Source: https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
 */
export function parseAwsHealth(value: unknown): HealthPage {
  const { envelope, detail } = parseEvent(detailSchema, value);
  const what = `${detail.eventTypeCode} page ${detail.page} of ${detail.totalPages}`;
  const isOver = detail.statusCode === 'closed';
  const isAboutInstances =
    detail.service === 'EC2' &&
    detail.eventTypeCategory !== 'accountNotification' &&
    !passing.test(detail.eventTypeCode);
  if (!isAboutInstances) return { notices: [], what };
  // Where an event lists no entities, its envelope may still name them.
  const entities =
    detail.affectedEntities.length > 0
      ? detail.affectedEntities
      : envelope.resources.map((entityValue) => ({ entityValue, status: undefined }));
  const notices = entities.flatMap(({ entityValue, status }) => {
    const id = /(?:^|instance\/)(i-[0-9a-f]{8,17})$/.exec(entityValue ?? '')?.[1];
    if (id === undefined) return [];
    const isDone = isOver || status === 'RESOLVED';
    return [
      {
        kind: 'ec2' as const,
        ec2InstanceId: id,
        hint: isDone ? ('aws-health-over' as const) : ('aws-health' as const),
        detail: detail.eventTypeCode,
        atMs: detail.lastUpdatedTime ?? envelope.atMs,
      },
    ];
  });
  return { notices, what };
}
