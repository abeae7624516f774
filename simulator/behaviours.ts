/**
 * The behaviour ledger: every rule by which the simulated ECS works, where it is from, and how sure it
 * is. A rule that nobody documents is assumed, and has at least two variants, drawn by the seed:
 * what holds under all of them does not rest on a guess.
 */
export type Behaviour = {
  readonly statement: string;
  /** A page of AWS, an observation that was published, or why it has to be assumed. */
  readonly source: string;
  readonly status: 'documented' | 'observed' | 'assumed';
  /** What the seed draws from; a rule that is known has the one variant `on`. */
  readonly variants: readonly string[];
};

const guide = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/';
/** A page of the ECS developer guide. */
const page = (name: string): string => `${guide}${name}.html`;

/** A page of the ECS API reference. */
const api = (name: string): string =>
  `https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_${name}.html`;
const deepDive =
  'https://aws.amazon.com/blogs/containers/deep-dive-amazon-ecs-managed-instances-provisioning-and-optimization';

const throttling =
  'https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html';
const ec2Throttling = 'https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html';

type Known<Status> = {
  readonly statement: string;
  readonly source: string;
  readonly status: Status;
  readonly variants: readonly ['on'];
};

const documented = (statement: string, source: string): Known<'documented'> => ({
  statement,
  source,
  status: 'documented',
  variants: ['on'],
});

const observed = (statement: string, source: string): Known<'observed'> => ({
  statement,
  source,
  status: 'observed',
  variants: ['on'],
});

const assumed = <const Variants extends readonly [string, string, ...string[]]>(
  statement: string,
  source: string,
  variants: Variants,
) => ({ statement, source, status: 'assumed', variants }) as const;

export const behaviours = {
  // Where tasks go.
  'existing-room-first': documented(
    'On managed instances a task goes to an instance that has room before any is launched.',
    deepDive,
  ),
  'managed-instance-zone-spread': documented(
    'Of the managed instances with room, one in the zone with the fewest tasks of the service is taken.',
    deepDive,
  ),
  'managed-instance-within-zone': assumed(
    'Which managed instance within the zone is taken is not said.',
    deepDive,
    ['fewest-tasks', 'least-room'],
  ),
  'default-zone-spread': documented(
    'On EC2, without a strategy, a task goes to the zone with the fewest tasks of its service.',
    page('update-service-parameters'),
  ),
  'fewest-tasks-on-instance': documented(
    'Within the zone, the EC2 instance with the fewest tasks of the service is taken.',
    page('update-service-parameters'),
  ),
  'placement-strategy': documented(
    'Placement strategies narrow the choice on EC2, one after the other: spread, binpack, random.',
    page('task-placement-strategies'),
  ),
  'member-of': documented(
    'A memberOf constraint is binding: only instances that satisfy its expression are taken.',
    page('task-placement-constraints'),
  ),
  'distinct-instance': documented(
    'distinctInstance keeps tasks of one group apart; a task whose desired status is STOPPED is not in the way.',
    page('task-placement-constraints'),
  ),
  'managed-instance-attributes': assumed(
    'Managed instances support four built-in attributes in constraints; what becomes of others is not said.',
    page('task-placement-constraints'),
    ['refused', 'never-match'],
  ),
  'host-port-once': documented(
    'A fixed port on the host takes one task an instance.',
    page('service-event-messages-list'),
  ),
  'task-interfaces': documented(
    'In awsvpc mode a task takes a network interface, of which a type has so many.',
    page('eni-trunking-supported-instance-types'),
  ),
  'managed-instance-trunking': assumed(
    'Whether managed instances use trunk interfaces, which take more tasks, is not said.',
    page('managed-instance-auto-scaling'),
    ['trunked', 'not-trunked'],
  ),
  'awsvpc-subnets': documented(
    "A task in awsvpc mode goes to instances in the zones of its service's subnets.",
    page('service-event-messages-list'),
  ),
  'cpu-architecture': documented(
    'A task definition that names an architecture goes to instances of it, another to any.',
    page('managed-instance-auto-scaling'),
  ),
  'disconnected-agent-gets-no-task': documented(
    'An instance whose agent is disconnected gets no task.',
    page('service-event-messages-list'),
  ),
  'agent-memory-reserve': assumed(
    'ECS keeps memory for its agent, by type; how much is known from one published sample only.',
    deepDive,
    ['fixed', 'share'],
  ),
  'fargate-zone-spread': documented(
    'Fargate spreads tasks over the zones of the subnets, each provider by itself.',
    page('service-rebalancing'),
  ),
  'provider-strategy': documented(
    'A strategy fills bases first, then divides by weight.',
    api('CapacityProviderStrategyItem'),
  ),
  'provisioning-limit': documented(
    'A cluster has at most 500 tasks in PROVISIONING.',
    page('service-event-messages-list'),
  ),
  // Capacity of managed instances.
  'provisioning-batch': assumed(
    'Tasks that wait for capacity are batched over services; for how long is not said.',
    deepDive,
    ['1s', '15s'],
  ),
  'zones-before-packing': documented(
    'New capacity is spread over zones first, by the tasks of each service, and packed within each.',
    deepDive,
  ),
  'first-fit-decreasing': documented(
    'Within a zone tasks are packed first-fit-decreasing.',
    deepDive,
  ),
  'instance-type-choice': assumed(
    'The cheapest type that matches is launched; whether for a task alone or for the batch is not said.',
    deepDive,
    ['cheapest-for-task', 'cheapest-for-batch'],
  ),
  'burstable-by-default': assumed(
    'Whether burstable types are taken where the requirements do not say is not documented.',
    page('managed-instances-instance-selection-best-practices'),
    ['excluded', 'included'],
  ),
  'zone-tie': assumed('Which of equally poor zones gets the next instance is not said.', deepDive, [
    'subnet-order',
    'random',
  ]),
  'instance-launch-time': assumed(
    'How long an instance takes from launch to registration is not said.',
    page('troubleshooting-managed-instances'),
    ['under-a-minute', 'one-to-three-minutes'],
  ),
  'refused-launch': assumed(
    'What follows when EC2 refuses a launch is not said.',
    page('troubleshooting-managed-instances'),
    ['next-type-then-zone', 'next-zone'],
  ),
  'launch-failure-names-request': documented(
    'A task whose instance could not be launched names the EC2 request id.',
    page('troubleshooting-managed-instances'),
  ),
  'managed-placement-failure-event': assumed(
    'Whether a refused launch makes a placement failure event of the service is not said.',
    page('ecs_service_events'),
    ['sent', 'not-sent'],
  ),
  'capacity-timeout': assumed(
    'A task times out waiting for capacity; after how long is not said.',
    page('troubleshooting-managed-instances'),
    ['10min', '30min'],
  ),
  'managed-instances-hidden': documented(
    'Managed instances are marked as managed, and hidden from lists by default.',
    'https://aws.amazon.com/about-aws/whats-new/2026/04/ec2-managed-resource-visibility/',
  ),
  'managed-operator': assumed(
    'Which principal EC2 names as the operator of a managed instance is not said.',
    'https://aws.amazon.com/about-aws/whats-new/2026/04/ec2-managed-resource-visibility/',
    ['ecs', 'ecs-managed-instances'],
  ),
  'propagated-tags': documented(
    "An instance carries its provider's tags where propagateTags says so.",
    page('instance-details-tags-managed-instances'),
  ),
  // Lives of tasks.
  'task-lifecycle': documented(
    'A task passes PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.',
    page('task-lifecycle-explanation'),
  ),
  'essential-container': documented(
    'When an essential container ends, the task ends; another container may end alone.',
    page('task_definition_parameters'),
  ),
  'container-restart': documented(
    'A container with a restart policy is started again within its task, once it has run long enough.',
    page('container-restart-policy'),
  ),
  'out-of-memory': documented(
    'A container beyond its memory limit is killed: exit code 137, reason OutOfMemoryError.',
    page('out-of-memory'),
  ),
  'stop-timeout': documented(
    'SIGTERM comes first; what has not ended by the stop timeout is killed.',
    api('StopTask'),
  ),
  'task-health-worst': documented(
    'A task is UNHEALTHY if one essential container is, else UNKNOWN if one is, else HEALTHY.',
    page('healthcheck'),
  ),
  'target-drains-first': documented(
    'A task leaves its target groups, and drains, before its containers are stopped.',
    page('update-service-parameters'),
  ),
  'target-drain-length': assumed(
    'Whether a target without requests in flight drains for the whole delay is not said.',
    page('update-service-parameters'),
    ['whole-delay', 'until-idle'],
  ),
  'target-first-healthy': assumed(
    "How many checks make a new target healthy differs between AWS's pages.",
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html',
    ['one-check', 'threshold'],
  ),
  'stopped-task-kept': assumed(
    'A stopped task can be described for at least one hour.',
    api('DescribeTasks'),
    ['one-hour', 'three-hours'],
  ),
  'stop-deletes-tags': documented('StopTask deletes the tags of the task.', api('StopTask')),
  // The service scheduler.
  'scheduler-delay': assumed(
    'The service scheduler reacts to a change within seconds; how many is not said.',
    page('ecs_services'),
    ['1s', '5s'],
  ),
  'minimum-rounds-up': documented(
    'The minimum of healthy tasks is rounded up.',
    page('deployment-type-ecs'),
  ),
  'maximum-rounds-down': documented(
    'The maximum of tasks is rounded down.',
    page('deployment-type-ecs'),
  ),
  'unchecked-task-settles': documented(
    'A task without any health check counts as healthy 40 s after RUNNING.',
    api('DeploymentConfiguration'),
  ),
  'scale-in-zone': documented(
    'A scale-in stops a task in the zone with the most tasks of the service, then the next so.',
    page('update-service-parameters'),
  ),
  'scale-in-instance': documented(
    'Within the zone, it stops one on the instance with the most tasks of the service.',
    page('update-service-parameters'),
  ),
  'scale-in-by-strategy': documented(
    'With binpack, a scale-in stops the task whose instance has the most left afterwards.',
    page('task-placement-strategies'),
  ),
  'unhealthy-replaced-first': documented(
    'An unhealthy task is stopped once its replacement is healthy, where the maximum leaves room for one.',
    page('ecs_services'),
  ),
  'health-check-grace': documented(
    'Failed health checks are ignored during the grace period.',
    page('update-service-parameters'),
  ),
  'same-revision-replacement': documented(
    'During a rolling deployment, old tasks are replaced by their own revision as far as the minimum needs them.',
    page('deployment-type-ecs'),
  ),
  'blocked-message': documented(
    'Where minimum and maximum allow neither a start nor a stop, the service says so.',
    page('service-event-messages-list'),
  ),
  'steady-state-event': documented(
    'A service that has reached its steady state sends SERVICE_STEADY_STATE.',
    page('ecs_service_events'),
  ),
  'steady-state-repeats': assumed(
    'The steady state is reported periodically; how often is not said.',
    page('service-event-messages-list'),
    ['six-hours', 'twelve-hours'],
  ),
  'placement-failure-event': documented(
    'A task that cannot be placed makes SERVICE_TASK_PLACEMENT_FAILURE, with the reason.',
    page('ecs_service_events'),
  ),
  'placement-retry': assumed(
    'When the scheduler tries again to place a task is not said.',
    page('ecs_services'),
    ['every-minute', 'doubling-to-15min'],
  ),
  'start-throttle': assumed(
    'Attempts after failed starts come later and later, up to 27 minutes apart; how the delay grows is not said.',
    page('service-throttle-logic'),
    ['doubling-from-10s', 'tripling-from-30s'],
  ),
  'running-ends-throttle': documented(
    'Only tasks that never reached RUNNING slow a service down; one that runs ends it.',
    page('service-throttle-logic'),
  ),
  'deployment-ends-throttle': documented(
    'A new task definition returns a throttled service to normal at once.',
    page('service-throttle-logic'),
  ),
  'superseded-stop-names': assumed(
    'Which deployment the stop reason of a replaced task names is not said.',
    page('stopped-task-error-codes'),
    ['new-deployment', 'own-deployment'],
  ),
  'protection-holds-scale-in': documented(
    'A protected task is not stopped by a scale-in or a deployment.',
    page('task-scale-in-protection'),
  ),
  'protection-expires': documented(
    'Protection ends by itself: after 2 hours, or as long as was asked for.',
    page('task-scale-in-protection'),
  ),
  'protection-for-services-only': documented(
    'A standalone task cannot be protected: TASK_NOT_VALID.',
    page('task-scale-in-protection'),
  ),
  'protection-within-desired': documented(
    'No more tasks can be protected than are desired: DEPLOYMENT_BLOCKED.',
    page('task-scale-in-protection'),
  ),
  // Deployments.
  'deployment-events': documented(
    'A deployment that starts, completes or fails makes an event.',
    page('ecs_service_deployment_events'),
  ),
  'deployment-event-cluster': observed(
    'The event of a deployment carries clusterArn, which its published sample lacks.',
    'https://github.com/AutopticAI/install',
  ),
  'deployment-id-is-revision': observed(
    "A deployment's id is that of its service revision.",
    'https://github.com/aws-samples/sample-amazon-ecs-blue-green-deployment-patterns',
  ),
  'circuit-breaker': documented(
    'The circuit breaker fails a deployment at half the desired count of failures, within 3 and 200.',
    page('deployment-circuit-breaker'),
  ),
  'circuit-breaker-stages': documented(
    'Once a task runs, failed starts no longer count, failed health checks do.',
    page('deployment-circuit-breaker'),
  ),
  'circuit-breaker-reset': documented(
    'A task that becomes healthy resets the count of failures, unless configured otherwise.',
    api('DeploymentCircuitBreaker'),
  ),
  'circuit-breaker-rollback': documented(
    'With rollback, the last deployment that was completed takes over again; without one, the service stalls.',
    page('deployment-circuit-breaker'),
  ),
  'rollback-event-names': assumed(
    'Which deployment the event of a rollback names as its own is not clear from the sample.',
    page('ecs_service_deployment_events'),
    ['restored', 'failed'],
  ),
  'deployment-alarms': documented(
    'An alarm of the deployment configuration fails the deployment.',
    page('deployment-alarm-failure'),
  ),
  'rolling-failure-event': assumed(
    'SERVICE_DEPLOYMENT_FAILED is sent for services with the circuit breaker by one page, for alarms too by another; for a stop or a hook nobody says it.',
    page('ecs_service_deployment_events'),
    ['always', 'with-circuit-breaker'],
  ),
  'rolling-hooks': assumed(
    'Whether hooks are called in rolling deployments is not documented; one test saw PRE_SCALE_UP.',
    page('deployment-lifecycle-hooks'),
    ['none', 'pre-scale-up'],
  ),
  'staged-order': documented(
    'A blue/green deployment passes its stages in order, from PRE_SCALE_UP to CLEAN_UP.',
    page('blue-green-deployment-how-it-works'),
  ),
  'reconcile-stage': documented(
    'RECONCILE_SERVICE comes only where more than one revision is active.',
    page('blue-green-deployment-how-it-works'),
  ),
  'reconcile-payload': assumed(
    'What RECONCILE_SERVICE sends is on no page now; an earlier one had weights in both maps, and all fields at the top.',
    page('blue-green-deployment-how-it-works'),
    ['both-weights', 'no-weights', 'flat'],
  ),
  'gradual-shift': documented(
    'Linear and canary deployments shift production traffic in steps, and bake between them.',
    page('deployment-type-linear'),
  ),
  'bake-time': documented(
    'Blue stays until the bake time is over.',
    page('blue-green-deployment-how-it-works'),
  ),
  'shift-order': assumed(
    'Whether a shifting stage calls its hooks before or after the weights change is not said.',
    page('lambda-lifecycle-hooks'),
    ['shift-then-hook', 'hook-then-shift'],
  ),
  'pre-production-weights': assumed(
    'Which weights PRE_PRODUCTION_TRAFFIC_SHIFT carries at later steps is not said.',
    page('lambda-lifecycle-hooks'),
    ['current', 'always-zero'],
  ),
  'network-shift-delay': observed(
    'Behind a Network Load Balancer each traffic shift takes ten minutes longer.',
    page('blue-green-deployment-implementation'),
  ),
  'hooks-in-parallel': documented('Hooks of one stage run at once.', page('pause-lifecycle-hooks')),
  'call-back-delay': documented(
    'A hook in progress is called again after callBackDelay seconds, 30 by default.',
    page('lambda-lifecycle-hooks'),
  ),
  'hook-details': assumed(
    'Returned hookDetails are documented as merged; with those of the last call, or the configured ones, is not said, and they were seen to replace them.',
    page('lambda-lifecycle-hooks'),
    ['merged', 'replaced', 'merged-with-configured'],
  ),
  'execution-id': assumed(
    'Whether executionId stays the same over the calls of one hook is not said.',
    page('lambda-lifecycle-hooks'),
    ['stable', 'new-each-call'],
  ),
  'hook-call-limit': documented(
    'One call of a hook has fifteen minutes.',
    page('blue-green-deployment-how-it-works'),
  ),
  'hook-timeout': documented(
    'A hook has 24 hours over all its calls, or as long as configured; then its action decides.',
    page('lambda-lifecycle-hooks'),
  ),
  'stage-limit': documented(
    'A stage that lasts 24 hours fails the deployment.',
    page('blue-green-deployment-how-it-works'),
  ),
  'deployment-days': documented(
    'A deployment in stages that lasts 30 days fails.',
    page('blue-green-deployment-how-it-works'),
  ),
  'deployment-limits': documented(
    'Ten hooks of a kind, no pause where traffic moves, and bounds of timeouts and steps: what is beyond is refused.',
    page('pause-lifecycle-hooks'),
  ),
  'stage-and-hook-limit': assumed(
    'A hook that is given its 24 hours ends at the same time as its stage; which of both decides is not said.',
    page('blue-green-deployment-how-it-works'),
    ['hook', 'stage'],
  ),
  'invalid-answer-rolls-back': documented(
    'An answer without a valid hookStatus rolls the deployment back.',
    page('lambda-lifecycle-hooks'),
  ),
  'rollback-hooks': documented(
    'A rollback calls the hooks of the stages that shift traffic again, green still being the target.',
    page('lambda-lifecycle-hooks'),
  ),
  'rollback-hooks-of': assumed(
    'Whether a rollback calls the hooks of stages that it never reached is not said.',
    page('lambda-lifecycle-hooks'),
    ['passed-stages', 'every-stage'],
  ),
  'rollback-order': assumed(
    'Whether a rollback puts production or test traffic back first is not said.',
    page('lambda-lifecycle-hooks'),
    ['production-first', 'test-first'],
  ),
  'rollback-test-weights': assumed(
    'What weights a rollback carries at TEST_TRAFFIC_SHIFT is not documented; of production there is a sample.',
    page('lambda-lifecycle-hooks'),
    ['green-zero', 'empty'],
  ),
  'rollback-hook-failure': assumed(
    'What a hook that fails during a rollback does to it is not documented.',
    page('lambda-lifecycle-hooks'),
    ['fails-rollback', 'ignored'],
  ),
  'rollback-status': assumed(
    'Whether the status says ROLLBACK before the hooks of a rollback are called is not said.',
    page('lambda-lifecycle-hooks'),
    ['before-hooks', 'after-hooks'],
  ),
  'superseded-shift': assumed(
    'Which of two revisions that serve keeps production traffic when a third is deployed in stages is not said.',
    page('blue-green-deployment-how-it-works'),
    ['back-to-blue', 'on-to-green'],
  ),
  'first-rollback-status': assumed(
    'Which status a rollback ends with that has no completed deployment to go back to is not said.',
    page('deployment-circuit-breaker'),
    ['rollback-failed', 'rollback-successful', 'stopped'],
  ),
  'hook-events': documented(
    'A hook that changes its status makes an event.',
    page('ecs_hook_state_change_events'),
  ),
  'lambda-hook-events': assumed(
    'Whether Lambda hooks send these events, as pauses do, has no published sample.',
    page('ecs_hook_state_change_events'),
    ['sent', 'not-sent'],
  ),
  'abandoned-hook-events': assumed(
    'What a hook sends that is under way when its deployment goes back or ends is not said.',
    page('ecs_hook_state_change_events'),
    ['nothing', 'failed'],
  ),
  'hook-failure-event-type': assumed(
    'The eventType of a failed hook has no published sample.',
    page('ecs_hook_state_change_events'),
    ['ERROR', 'INFO'],
  ),
  'staged-failure-event': assumed(
    'Whether a rollback by a hook sends SERVICE_DEPLOYMENT_FAILED is not said.',
    page('ecs_service_deployment_events'),
    ['sent', 'not-sent'],
  ),
  'circuit-breaker-in-stages': assumed(
    'Whether the circuit breaker watches blue/green deployments is contradictory.',
    page('deployment-circuit-breaker'),
    ['watches', 'does-not-watch'],
  ),
  // Balance between zones.
  rebalancing: documented(
    'Rebalancing looks at steady services, whatever made them uneven, and moves tasks from the richest to the poorest zones.',
    page('service-rebalancing'),
  ),
  'rebalancing-by-default': documented(
    'A service created without a word on it has rebalancing ENABLED.',
    page('service-rebalancing'),
  ),
  'rebalancing-eligibility': documented(
    'Not for DAEMON, EXTERNAL, a maximum of 100 %, Classic Load Balancers, zone constraints, or another first strategy.',
    page('service-rebalancing'),
  ),
  'rebalancing-definition-constraints': assumed(
    'Whether a zone constraint of the task definition keeps rebalancing off like one of the service is not said.',
    page('service-rebalancing'),
    ['as-those-of-the-service', 'not-looked-at'],
  ),
  'rebalancing-starts-first': documented(
    'Tasks in rich zones are stopped once those in poor zones are healthy.',
    page('service-rebalancing'),
  ),
  'rebalancing-events': documented(
    'Rebalancing tells of its start, its tasks and its end in service events.',
    page('service-rebalancing-event-messages-list'),
  ),
  'rebalancing-delay': assumed(
    'How soon after the steady state rebalancing starts is not said.',
    page('service-rebalancing'),
    ['2min', '10min'],
  ),
  'rebalancing-batch': assumed(
    'How many tasks it moves at a time is not said; the maximum bounds it.',
    page('service-rebalancing'),
    ['as-room-allows', 'one-at-a-time'],
  ),
  'rebalancing-retry': assumed(
    'When it tries again after it had to stop is not said.',
    page('service-rebalancing'),
    ['15min', '1h'],
  ),
  'rebalancing-launches-instances': documented(
    'On managed instances it has an instance launched in the poor zone; on EC2 it uses those that are there.',
    deepDive,
  ),
  'protection-holds-rebalancing': documented(
    'Task protection can keep rebalancing from stopping tasks.',
    page('service-rebalancing'),
  ),
  // Lives of instances.
  'idle-instances-go': documented(
    'A managed instance without tasks is deregistered and terminated after a while.',
    page('managed-instances-infrastructure-optimization'),
  ),
  'scale-in-after': documented(
    'The while is scaleInAfter; -1 turns optimisation off.',
    page('managed-instances-infrastructure-optimization'),
  ),
  'scale-in-after-default': assumed(
    'How long ECS waits where scaleInAfter is not given is not said.',
    page('managed-instances-infrastructure-optimization'),
    ['5min', '15min'],
  ),
  'under-used-instances-drain': documented(
    'An instance whose tasks fit elsewhere, or on a better-sized one, is drained.',
    page('managed-instances-infrastructure-optimization'),
  ),
  'under-used-saving': assumed(
    'How much cheaper a home must be is not said.',
    page('managed-instances-infrastructure-optimization'),
    ['any', 'a-fifth'],
  ),
  'optimisation-zones': assumed(
    'Whether optimisation regards the spread over zones is not said; a published demonstration left two tasks in one.',
    deepDive,
    ['ignored', 'kept'],
  ),
  'one-optimisation-at-a-time': observed(
    'Of several under-used instances one is drained at a time.',
    deepDive,
  ),
  'standalone-task-holds-instance': documented(
    'An instance with a standalone task is not optimised.',
    page('managed-instances-infrastructure-optimization'),
  ),
  'protection-holds-optimisation': documented(
    'Optimisation respects task protection.',
    page('managed-instances-infrastructure-optimization'),
  ),
  'drain-at-day-14': documented(
    'A managed instance is drained 14 days after its launch.',
    page('managed-instances-patching'),
  ),
  'end-at-day-21': documented(
    'It is deregistered by force 21 days after its launch.',
    page('managed-instances-patching'),
  ),
  'drain-deadline': assumed(
    'A drain that ECS began early ends seven days later by one page, on day 21 by another.',
    page('container-instance-draining'),
    ['seven-days-later', 'on-day-21'],
  ),
  'end-stop-reason': assumed(
    'What the tasks that a forced end stops say is documented for Batch only.',
    page('container-instance-draining'),
    ['draining', 'deregistration'],
  ),
  'forced-stop-code': assumed(
    'The stop code of tasks whose instance is deregistered by force, by a user or at its end, is not documented.',
    api('Task'),
    ['TerminationNotice', 'ServiceSchedulerInitiated'],
  ),
  'event-window-drains-earlier': documented(
    'An event window of the time of launch makes the drain earlier; a later one does not count.',
    page('managed-instances-patching'),
  ),
  'event-window-choice': assumed(
    'Which occurrence of a window is taken is not said.',
    page('managed-instances-patching'),
    ['last-before-day-14', 'first-of-last-week'],
  ),
  'draining-stops-pending': documented(
    'On a draining instance pending tasks of services stop at once; standalone tasks stay.',
    page('container-instance-draining'),
  ),
  'draining-can-be-undone': documented(
    'A draining instance can be set to ACTIVE again.',
    page('container-instance-draining'),
  ),
  'managed-instance-user-drain': assumed(
    'Whether users may drain managed instances is not shown anywhere.',
    page('container-instance-draining'),
    ['accepted', 'refused'],
  ),
  'protection-holds-drain': assumed(
    'Whether protection holds back drains other than optimisation is not said.',
    page('task-scale-in-protection'),
    ['held', 'not-held'],
  ),
  'drain-stop-reason': assumed(
    'What the tasks that a drain stops say is not documented.',
    page('stopped-task-error-codes'),
    ['task-stopped', 'scaling-activity', 'service-draining'],
  ),
  'force-ends-managed-instance': documented(
    'Deregistering by force ends a managed instance with its tasks; another machine keeps running.',
    page('container-instance-draining'),
  ),
  'host-loss-noticed': assumed(
    'How soon ECS notices that a machine is gone is not said.',
    page('ecs_container_instance_events'),
    ['within-a-minute', 'within-five-minutes'],
  ),
  'host-loss-stop-code': assumed(
    'The stop code of tasks whose host is gone is not documented.',
    api('Task'),
    ['TerminationNotice', 'ServiceSchedulerInitiated'],
  ),
  'dead-host-tasks': assumed(
    'Tasks on a machine that is gone fail the checks of their target groups; whether the scheduler replaces them before ECS notices the host is not said.',
    page('service-load-balancing'),
    ['replaced', 'wait-for-host'],
  ),
  'spot-notice-two-minutes': documented(
    'EC2 tells of the end of a Spot instance two minutes before.',
    'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html',
  ),
  'spot-draining': documented(
    'An agent that is configured for it drains its instance on a Spot notice.',
    page('container-instance-spot'),
  ),
  'managed-spot-notice': assumed(
    'What managed instances do on a Spot notice is not said.',
    page('container-instance-draining'),
    ['drains', 'ends'],
  ),
  'fargate-spot-stop-code': documented(
    'A task that Fargate Spot takes back has the stop code SpotInterruption.',
    page('fargate-capacity-providers'),
  ),
  'managed-instance-ec2-events': assumed(
    "Whether hidden instances send EC2's events is not said.",
    'https://aws.amazon.com/about-aws/whats-new/2026/04/ec2-managed-resource-visibility/',
    ['sent', 'not-sent'],
  ),
  'overall-health-worst': documented(
    "An instance's overall status is that of its worst check.",
    page('container-instance-health'),
  ),
  'instance-health-event': documented(
    'A health check that changes makes an event.',
    page('ecs_container_instance_health_events'),
  ),
  'auto-repair': documented(
    'An impaired managed instance is drained and replaced, unless that is disabled.',
    page('managed-instances-gpu-auto-repair'),
  ),
  'auto-repair-limit': documented(
    "At most a fifth of a provider's instances drain at a time, one where there are fewer than nine.",
    page('managed-instances-gpu-auto-repair'),
  ),
  'agent-silence': assumed(
    'How long an agent is silent before it counts as impaired is not said.',
    'https://aws.amazon.com/about-aws/whats-new/2026/08/amazon-ecs-agent-connectivity-health',
    ['5min', '15min'],
  ),
  'repair-stop-code': assumed(
    'The stop code InfrastructureHealth has no description; it may be that of repairs.',
    api('Task'),
    ['InfrastructureHealth', 'ServiceSchedulerInitiated'],
  ),
  'daemon-replaces-instances': documented(
    "Deploying a managed daemon drains a share of the provider's instances at a time.",
    page('managed-daemons'),
  ),
  'daemon-events': documented(
    'Managed daemons have events of their own.',
    page('managed-daemons-events'),
  ),
  // Calls to the API.
  'ecs-request-buckets': documented(
    'Calls to ECS take tokens of a bucket by group of actions, shared by all callers of an account and Region.',
    throttling,
  ),
  'cluster-read-bucket': assumed(
    'DescribeClusters and ListClusters get 20 tokens a second; how many they may save is not said.',
    throttling,
    ['burst-50', 'burst-100'],
  ),
  'unlisted-request-buckets': assumed(
    'Newer actions of ECS, of hooks and deployments among them, are in no group that is described.',
    throttling,
    ['like-service-modify', 'without-limit'],
  ),
  'ec2-request-buckets': documented(
    'Each action of EC2 takes tokens of a bucket of its own, whose size goes by its category.',
    ec2Throttling,
  ),
  'ec2-ids-as-filter': assumed(
    'Reads without filter or page take from a smaller bucket; whether ids are as good as a filter is not said.',
    ec2Throttling,
    ['like-a-filter', 'not-a-filter'],
  ),
  'request-bucket-refill': assumed(
    'So many tokens come every second; whether all at once is not said.',
    throttling,
    ['evenly', 'each-second'],
  ),
  // Events and scaling.
  'event-version': documented(
    'Each change of a task or an instance makes an event with the next version.',
    page('ecs_task_events'),
  ),
  'instance-event-per-task': documented(
    'A task that starts or stops changes the resources of its instance, which is an event too.',
    page('ecs_container_instance_events'),
  ),
  'managed-launch-type': assumed(
    'Whether task events of managed instances say MANAGED_INSTANCES, which is in the API, is not said.',
    page('ecs_task_events'),
    ['named', 'left-out'],
  ),
  'instance-event-fields': assumed(
    'Whether the event of an instance has all fields of its description has no recent sample.',
    page('ecs_container_instance_events'),
    ['as-published', 'as-described'],
  ),
  'scaling-alarms': assumed(
    "How many datapoints the alarms of target tracking need is not in ECS's pages.",
    page('service-autoscaling-targettracking'),
    ['3-and-15', '1-and-15'],
  ),
  'scaling-cooldown': documented(
    'Scale-in waits until the cooldown of the last scaling is over.',
    page('service-auto-scaling'),
  ),
  'no-scale-in-while-deploying': documented(
    'There is no scale-in during a deployment; scale-out goes on.',
    page('service-auto-scaling'),
  ),
  'desired-count-event': documented(
    'Auto scaling makes SERVICE_DESIRED_COUNT_UPDATED, a change by hand does not.',
    page('ecs_service_events'),
  ),
} as const satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourId = keyof typeof behaviours;

/** What `world.variant` can answer for a rule. A test turns a rule `off` to see what fails without it. */
export type VariantOf<Id extends BehaviourId> = (typeof behaviours)[Id]['variants'][number] | 'off';

/** Variants by rule; what is left out is drawn. */
export type VariantChoices = { readonly [Id in BehaviourId]?: VariantOf<Id> };

export const behaviourIds = Object.keys(behaviours) as readonly BehaviourId[];
