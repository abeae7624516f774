import * as v from 'valibot';
import type { InstanceNotice } from '../domain/instance-notice.ts';
import { parseEvent } from './envelope.ts';
import { ec2InstanceId, text } from './fields.ts';

const detailSchema = v.object({ 'instance-id': ec2InstanceId, state: text });

/** EC2's states of an instance that is on its way out; the others start it. */
const leavingStates: ReadonlySet<string> = new Set([
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
]);

/**
 * Reads an `EC2 Instance State-change Notification`: an instance on its way out, or the state that
 * nobody reacts to.
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
 */
export function parseEc2InstanceStateChange(
  value: unknown,
): { readonly notice: InstanceNotice } | { readonly notice: undefined; readonly state: string } {
  const { envelope, detail } = parseEvent(detailSchema, value);
  const { state } = detail;
  if (!leavingStates.has(state)) return { notice: undefined, state };
  return {
    notice: {
      kind: 'ec2',
      ec2InstanceId: detail['instance-id'],
      hint: 'ec2-stopping',
      detail: state,
      atMs: envelope.atMs,
    },
  };
}
