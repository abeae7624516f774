import { type Core, drawMs, setTimer } from './core.ts';
import type { RangeMs } from './inputs.ts';
import { drainInstance, instanceDies } from './instances.ts';
import type { Instance, Task } from './state.ts';
import { stopTask } from './tasks.ts';

const noticeMs = 120_000;
const drainMs: RangeMs = [1_000, 5_000];

/**
 * EC2 takes a Spot instance back two minutes after it said so.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
export function noticeSpot(core: Core, instance: Instance): void {
  if (!instance.isSpot || instance.isDead) return;
  const { ec2InstanceId, zone } = instance;
  const isHidden = instance.kind === 'MANAGED_INSTANCES';
  if (!isHidden || core.variant('managed-instance-ec2-events') === 'sent') {
    core.emit({
      detailType: 'EC2 Spot Instance Interruption Warning',
      source: 'aws.ec2',
      resources: [`arn:aws:ec2:${zone}:instance/${ec2InstanceId}`],
      detail: { 'instance-id': ec2InstanceId, 'instance-action': 'terminate' },
    });
  }
  if (drainsOnNotice(core, instance)) {
    core.after(drawMs(core, 'spot-time', drainMs), () => drainInstance(core, instance, 'spot'));
  }
  const waitMs = core.has('spot-notice-two-minutes') ? noticeMs : 0;
  setTimer(core, instance.timers, 'spot', waitMs, () => instanceDies(core, instance));
}

/** An agent drains where it is told to; what managed instances do is not said. */
function drainsOnNotice(core: Core, { kind, provider }: Instance): boolean {
  if (kind === 'MANAGED_INSTANCES') return core.variant('managed-spot-notice') === 'drains';
  return provider?.group?.drainsOnSpotNotice === true && core.has('spot-draining');
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html */
export function interruptSpotTask(core: Core, task: Task): void {
  const code = core.has('fargate-spot-stop-code') ? 'SpotInterruption' : 'TerminationNotice';
  stopTask(core, task, { code, reason: 'Your Spot Task was interrupted.' });
}
