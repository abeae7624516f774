import type { InstanceNotice } from '../domain/instance-notice.ts';
import { parseAwsHealth } from './aws-health.ts';
import { parseContainerInstanceHealthChange } from './container-instance-health-change.ts';
import { parseContainerInstanceStateChange } from './container-instance-state-change.ts';
import { parseEc2InstanceStateChange } from './ec2-instance-state-change.ts';
import { parseHead } from './envelope.ts';
import { parseRebalanceRecommendation } from './rebalance-recommendation.ts';
import { parseSpotInterruptionWarning } from './spot-interruption-warning.ts';

/** An event as instance-replacement takes it: what it says of instances, one notice each. */
export type InstanceEvent =
  | { readonly kind: 'notices'; readonly notices: readonly InstanceNotice[] }
  | {
      readonly kind: 'ignored';
      readonly reason:
        | 'unknown-source'
        | 'unknown-detail-type'
        | 'state-not-followed'
        | 'health-not-followed';
      /** What made it so: the source, the detail-type, the state or the code. */
      readonly detail: string;
    };

const ignored = (
  reason: Extract<InstanceEvent, { kind: 'ignored' }>['reason'],
  detail: string,
): InstanceEvent => ({ kind: 'ignored', reason, detail });
const noticed = (...notices: readonly InstanceNotice[]): InstanceEvent => ({
  kind: 'notices',
  notices,
});

const parsers = new Map<string, (value: unknown) => InstanceEvent>([
  [
    'aws.ecs ECS Container Instance State Change',
    (value) => noticed(parseContainerInstanceStateChange(value)),
  ],
  [
    'aws.ecs ECS Container Instance Health Change',
    (value) => noticed(parseContainerInstanceHealthChange(value)),
  ],
  [
    'aws.ec2 EC2 Spot Instance Interruption Warning',
    (value) => noticed(parseSpotInterruptionWarning(value)),
  ],
  [
    'aws.ec2 EC2 Instance Rebalance Recommendation',
    (value) => noticed(parseRebalanceRecommendation(value)),
  ],
  ['aws.ec2 EC2 Instance State-change Notification', readEc2State],
  ['aws.health AWS Health Event', readHealth],
]);
const sources: ReadonlySet<string> = new Set(['aws.ecs', 'aws.ec2', 'aws.health']);

/**
 * Reads whatever EventBridge delivers. What is not ours, and states that nobody reacts to, are
 * `ignored`; a known event with a broken field throws MalformedInput naming the field.
 */
export function parseInstanceEvent(value: unknown): InstanceEvent {
  const { source, detailType } = parseHead(value);
  if (!sources.has(source)) return ignored('unknown-source', source);
  const read = parsers.get(`${source} ${detailType}`);
  return read === undefined ? ignored('unknown-detail-type', detailType) : read(value);
}

function readEc2State(value: unknown): InstanceEvent {
  const change = parseEc2InstanceStateChange(value);
  return change.notice === undefined
    ? ignored('state-not-followed', change.state)
    : noticed(change.notice);
}

function readHealth(value: unknown): InstanceEvent {
  const { notices, what } = parseAwsHealth(value);
  return notices.length === 0 ? ignored('health-not-followed', what) : noticed(...notices);
}
