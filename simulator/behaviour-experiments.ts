import type { BehaviourId, behaviours } from './behaviours.ts';

/** Rules of the ledger that AWS does not document: somebody saw them, or they are guesses. */
export type UnconfirmedId = {
  [Id in BehaviourId]: (typeof behaviours)[Id]['status'] extends 'documented' ? never : Id;
}[BehaviourId];

/** What would settle each rule on a live account. A rule without an experiment does not compile. */
export const experiments: Readonly<Record<UnconfirmedId, string>> = {
  // Where tasks go.
  'managed-instance-within-zone':
    'two managed instances of one zone with unequal room and equal tasks; start one task, ten times',
  'managed-instance-attributes':
    'a constraint on an attribute that is not built in, on a managed provider; start a task, read the error or the failure',
  'managed-instance-trunking':
    '`awsvpc` tasks on a c6a.large until none fits; describe its attributes and attachments',
  'agent-memory-reserve':
    'one managed instance of six types each; registered MEMORY against the memory of the type',
  // Capacity of managed instances.
  'provisioning-batch':
    'create two services 0.5, 2, 5 and 20 s apart, each half a type in size; count the instances',
  'instance-type-choice':
    'ten tasks of 0.25 vCPU at once where one large type is cheaper than ten small ones; read the types',
  'burstable-by-default':
    'requirements of 2 vCPU and 4 GiB and nothing else; start a task, read the type',
  'zone-tie': 'a service of one task over three empty zones, twenty times; note the zones',
  'instance-launch-time':
    'start a task without room, fifty times; `registeredAt` less the time of the RunInstances event',
  'refused-launch':
    'allow one type without capacity in one zone, and another; log launches and failures',
  'managed-placement-failure-event':
    'allow only a type without capacity, for a service; log its events for an hour',
  'capacity-timeout': 'the same; PROVISIONING until STOPPED of each task',
  'managed-operator': 'describe a managed instance by its id; `Operator.Principal`',
  // Lives of tasks.
  'target-drain-length':
    'deregistration delay 300 s, no requests; stop a task, log target health and task events',
  'target-first-healthy':
    'threshold 5, interval 30 s; register a target, read its health every second',
  'stopped-task-kept': 'stop a task, describe it every ten minutes for a day',
  // The service scheduler.
  'scheduler-delay':
    'stop a task of a steady service, a hundred times; time to the next PROVISIONING',
  'steady-state-repeats': 'a service that nobody touches for three days; log its events',
  'placement-retry': 'a service that finds no room for two hours on EC2; time between its failures',
  'start-throttle': 'a service with an image that is missing, for six hours; time between attempts',
  'superseded-stop-names':
    'deploy over a running revision; log `stoppedReason` of its tasks beside both deployment ids',
  // Deployments.
  'deployment-event-cluster': 'deploy once in each strategy; log the events',
  'deployment-id-is-revision': 'deploy once; compare the id in `deployments` with the revision ARN',
  'rollback-event-names':
    'a rolling deployment with the circuit breaker, an image that is missing; log the deployment events',
  'rolling-failure-event':
    'stop a rolling deployment, and raise its alarm, with and without the circuit breaker; log the deployment events',
  'rolling-hooks': 'a ROLLING service with a hook at every stage; log its calls',
  'shift-order':
    'a hook at TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT that describes the listener rules',
  'pre-production-weights':
    'a LINEAR service, a hook at PRE_PRODUCTION_TRAFFIC_SHIFT; log each event',
  'reconcile-payload':
    'a hook at RECONCILE_SERVICE, and a deployment while another is between its shifts; log the event',
  'network-shift-delay': 'a blue/green service behind a Network Load Balancer; time between stages',
  'hook-details':
    'return `{"a": 1}`, then `{"c": 3}`, then nothing with IN_PROGRESS from a hook configured with `{"b": 2}`; log the events',
  'execution-id': 'log it over three polls of one hook',
  'stage-and-hook-limit':
    'a hook that answers IN_PROGRESS for a day, with the action CONTINUE; describe the deployment',
  'rollback-hooks-of':
    'hooks at every stage, FAILED at POST_TEST_TRAFFIC_SHIFT; log which are called afterwards',
  'rollback-order':
    'FAILED at POST_PRODUCTION_TRAFFIC_SHIFT, hooks at both shifting stages; log their calls',
  'rollback-test-weights':
    'FAILED at POST_PRODUCTION_TRAFFIC_SHIFT; log the event of TEST_TRAFFIC_SHIFT',
  'rollback-hook-failure':
    'FAILED at both shifting stages during a rollback; describe the deployment',
  'rollback-status':
    'FAILED at POST_PRODUCTION_TRAFFIC_SHIFT, hooks at the shifting stages describe the deployment',
  'superseded-shift':
    'deploy to a LINEAR service at 50%; describe its rules and targets before the new tasks are healthy',
  'first-rollback-status':
    'create a blue/green service whose hook answers FAILED, and a rolling one with the circuit breaker and an image that is missing; describe their deployments',
  'lambda-hook-events':
    'a Lambda hook that answers SUCCEEDED, one that answers FAILED; log the events',
  'abandoned-hook-events':
    'deploy a third revision, and stop a deployment, while a Lambda hook answers IN_PROGRESS; log the events',
  'hook-failure-event-type': 'the same; read `eventType`',
  'staged-failure-event': 'fail a hook of a blue/green deployment; log the deployment events',
  'circuit-breaker-in-stages':
    'a blue/green service with the circuit breaker, an image that is missing; wait for a rollback',
  // Balance between zones.
  'rebalancing-definition-constraints':
    'a service in one of two zones by a constraint of its task definition; note its rebalancing events',
  'rebalancing-delay':
    'a skewed service reaches its steady state, ten times; time to the first task',
  'rebalancing-batch': 'six tasks in one of three zones, maximum 200 %; log the task events',
  'rebalancing-retry': 'no room in the poor zone; time between attempts in the service events',
  // Lives of instances.
  'scale-in-after-default': 'leave `scaleInAfter` out; empty an instance, time to DEREGISTERING',
  'under-used-saving':
    'one task on an instance 5, 10, 20 and 40 % dearer than another that would do; wait an hour each',
  'optimisation-zones':
    'a task a zone on three half-empty instances, with room for all on one; wait, note the zones',
  'one-optimisation-at-a-time': 'six under-used instances at once; log their DRAINING events',
  'drain-deadline':
    'a standalone task on an instance whose event window opens on day 8; log its drain and its end',
  'end-stop-reason': 'a standalone task on an instance until day 21; log its stop',
  'forced-stop-code':
    'deregister a managed instance by force, and wait for the end of another; read `stopCode`',
  'event-window-choice':
    'a daily window on a provider before its launch; note when its drain begins',
  'managed-instance-user-drain': 'UpdateContainerInstancesState on a managed instance',
  'protection-holds-drain': 'protect a task for 48 h over day 14; note when it stops',
  'drain-stop-reason': 'drain an EC2 and a managed instance; log `stoppedReason` and `stopCode`',
  'host-loss-noticed': 'halt a machine; time to the first event of its tasks',
  'host-loss-stop-code': 'the same; read `stopCode`',
  'dead-host-tasks':
    'halt the machine under one of two tasks behind a load balancer with short checks; log target health and task events',
  'managed-spot-notice': 'a Spot interruption by FIS on a managed instance; log its events',
  'managed-instance-ec2-events':
    'a rule for `aws.ec2` in the account; launch and end a managed instance',
  'agent-silence': 'block the agent by a security group; time to IMPAIRED',
  'repair-stop-code': 'the same on a managed instance; log the stops of its tasks',
  // Calls to the API.
  'cluster-read-bucket': 'DescribeClusters as fast as it goes; calls until the first refusal',
  'unlisted-request-buckets':
    'ContinueServiceDeployment of a deployment that is over, as fast as it goes; calls until the first ThrottlingException',
  'ec2-ids-as-filter':
    'DescribeInstances with one id, as fast as it goes; calls until the first refusal: 50 or 100',
  'request-bucket-refill':
    'empty a bucket with ListTasks, then 100 calls a second for a minute; the times of those that pass',
  // Events and scaling.
  'managed-launch-type': 'start a task on a managed instance; log its events',
  'instance-event-fields': 'log one event of an instance, and describe it at that moment',
  'scaling-alarms': 'register target tracking; describe the two alarms in CloudWatch',
};
