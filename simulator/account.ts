/**
 * The state of the simulated AWS account: plain data that tests fill and read.
 *
 * Resources carry the member names of the AWS API that returns them, so what a test writes is what
 * a client reads. Times are `Date`s here and take each protocol's form on the wire.
 */

/** A service by its IAM prefix: `<service>:<operation>` is the action a policy must grant. */
export type ServiceName =
  | 'ecs'
  | 'elasticloadbalancing'
  | 'cloudwatch'
  | 'ssm'
  | 'secretsmanager'
  | 'dynamodb'
  | 'ec2'
  | 'application-autoscaling'
  | 'logs'
  | 'sns';

/** One request as it arrived, a client's retries included; `input` is as decoded from the wire. */
export type Call = {
  readonly service: ServiceName;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Folder name of the function that made it, where one did over the wire. */
  readonly caller?: string;
};

/**
 * What goes wrong with a call. `network-error` is a reset before the service saw the request,
 * `answer-lost` a reset after it did its work; `empty-answer` is a success without any member;
 * a `hang` lasts until the client gives up.
 */
export type Fault =
  | 'throttle'
  | 'server-error'
  | 'access-denied'
  | 'hang'
  | 'network-error'
  | 'answer-lost'
  | 'empty-answer';

/** A fault for the calls it names; what is left out matches everything. */
export type FaultRule = {
  readonly service?: ServiceName;
  readonly operation?: string;
  /** Calls it still applies to; without it, every one. It counts down; at 0 the rule is spent. */
  times?: number;
  readonly kind: Fault;
};

/** Stages at which ECS calls hooks. */
export type HookStage =
  | 'RECONCILE_SERVICE'
  | 'PRE_SCALE_UP'
  | 'POST_SCALE_UP'
  | 'TEST_TRAFFIC_SHIFT'
  | 'POST_TEST_TRAFFIC_SHIFT'
  | 'PRE_PRODUCTION_TRAFFIC_SHIFT'
  | 'PRODUCTION_TRAFFIC_SHIFT'
  | 'POST_PRODUCTION_TRAFFIC_SHIFT';

/** Whatever JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export type EcsTag = { readonly key: string; readonly value: string };

export type EcsLoadBalancer = {
  targetGroupArn?: string;
  /** Of a Classic Load Balancer. */
  loadBalancerName?: string;
  containerName?: string;
  containerPort?: number;
  advancedConfiguration?: {
    alternateTargetGroupArn?: string;
    /** A listener-rule ARN on an Application Load Balancer, a listener ARN on a Network one. */
    productionListenerRule?: string;
    testListenerRule?: string;
    roleArn?: string;
  };
};

export type EcsCluster = { readonly clusterArn: string; readonly clusterName: string };

export type EcsLaunchType = 'EC2' | 'EXTERNAL' | 'FARGATE' | 'MANAGED_INSTANCES';

export type EcsStrategyItem = { capacityProvider: string; weight?: number; base?: number };

export type EcsAttribute = { name: string; value?: string };

/** A task as DescribeTasks answers it; fields that nothing reads are left out. */
export type EcsTask = {
  readonly taskArn: string;
  readonly clusterArn: string;
  taskDefinitionArn: string;
  lastStatus: string;
  desiredStatus: string;
  group?: string;
  startedBy?: string;
  launchType?: EcsLaunchType;
  capacityProviderName?: string;
  containerInstanceArn?: string;
  availabilityZone?: string;
  cpu?: string;
  memory?: string;
  healthStatus?: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  attachments?: {
    id: string;
    type: string;
    status: string;
    details: { name: string; value: string }[];
  }[];
  attributes?: EcsAttribute[];
  containers?: {
    containerArn?: string;
    name: string;
    image?: string;
    imageDigest?: string;
    lastStatus?: string;
    exitCode?: number;
    reason?: string;
    healthStatus?: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
    cpu?: string;
    memory?: string;
    memoryReservation?: string;
    networkBindings?: {
      bindIP?: string;
      containerPort?: number;
      hostPort?: number;
      protocol?: 'tcp' | 'udp';
    }[];
  }[];
  overrides?: {
    containerOverrides?: {
      name: string;
      command?: string[];
      environment?: { name: string; value: string }[];
    }[];
  };
  stopCode?: string;
  stoppedReason?: string;
  connectivity?: 'CONNECTED' | 'DISCONNECTED';
  connectivityAt?: Date;
  createdAt?: Date;
  pullStartedAt?: Date;
  pullStoppedAt?: Date;
  startedAt?: Date;
  executionStoppedAt?: Date;
  stoppingAt?: Date;
  stoppedAt?: Date;
  tags?: EcsTag[];
  version: number;
};

/** A container definition, as far as its task's life depends on it. */
export type EcsContainerDefinition = {
  name: string;
  image: string;
  cpu?: number;
  /** MiB. */
  memory?: number;
  memoryReservation?: number;
  /** True by default. */
  essential?: boolean;
  environment?: { name: string; value: string }[];
  logConfiguration?: {
    logDriver: 'awslogs' | 'awsfirelens' | 'splunk' | 'json-file';
    options?: Record<string, string>;
  };
  portMappings?: {
    containerPort?: number;
    hostPort?: number;
    protocol?: 'tcp' | 'udp';
    name?: string;
  }[];
  healthCheck?: {
    command: string[];
    /** Seconds; 30 by default. */
    interval?: number;
    timeout?: number;
    /** 3 by default. */
    retries?: number;
    startPeriod?: number;
  };
  restartPolicy?: {
    enabled: boolean;
    ignoredExitCodes?: number[];
    /** Seconds that it must have run before it is started again; 300 by default. */
    restartAttemptPeriod?: number;
  };
  /** Seconds from SIGTERM to SIGKILL; 30 by default. */
  stopTimeout?: number;
};

export type EcsNetworkMode = 'awsvpc' | 'bridge' | 'host' | 'none';

export type EcsPlacementConstraint = {
  type: 'distinctInstance' | 'memberOf';
  expression?: string;
};

/** A task definition as DescribeTaskDefinition answers it; fields that nothing reads are left out. */
export type EcsTaskDefinition = {
  readonly taskDefinitionArn: string;
  readonly family: string;
  readonly revision: number;
  status: 'ACTIVE' | 'INACTIVE';
  /** CPU units (1,024 a vCPU) and MiB of the whole task, in decimal. */
  cpu?: string;
  memory?: string;
  networkMode: EcsNetworkMode;
  runtimePlatform?: { cpuArchitecture?: 'X86_64' | 'ARM64' };
  requiresCompatibilities?: EcsLaunchType[];
  placementConstraints?: { type: 'memberOf'; expression?: string }[];
  containerDefinitions: EcsContainerDefinition[];
};

export type EcsResource = {
  name: string;
  type: 'INTEGER' | 'DOUBLE' | 'LONG' | 'STRINGSET';
  integerValue?: number;
  stringSetValue?: string[];
};

/** A container instance as DescribeContainerInstances answers it. */
export type EcsContainerInstance = {
  readonly containerInstanceArn: string;
  readonly clusterArn: string;
  ec2InstanceId?: string;
  capacityProviderName?: string;
  status: string;
  statusReason?: string;
  agentConnected: boolean;
  attributes: EcsAttribute[];
  registeredResources: EcsResource[];
  remainingResources: EcsResource[];
  runningTasksCount: number;
  pendingTasksCount: number;
  registeredAt?: Date;
  /** Answered only where it is asked for by `CONTAINER_INSTANCE_HEALTH`. */
  healthStatus?: {
    overallStatus: string;
    details?: { type: string; status: string; statusReason?: string }[];
  };
  /** Answered only where they are asked for by `TAGS`. */
  tags?: EcsTag[];
  version: number;
};

export type EcsCapacityProvider = {
  readonly capacityProviderArn: string;
  readonly name: string;
  type: 'EC2_AUTOSCALING' | 'FARGATE' | 'FARGATE_SPOT' | 'MANAGED_INSTANCES';
  status: string;
  /** ARN of the cluster; managed-instances providers belong to one. */
  cluster?: string;
  autoScalingGroupProvider?: { autoScalingGroupArn: string };
  managedInstancesProvider?: {
    infrastructureRoleArn?: string;
    instanceLaunchTemplate?: {
      ec2InstanceProfileArn?: string;
      networkConfiguration?: { subnets: string[]; securityGroups?: string[] };
      capacityOptionType?: 'ON_DEMAND' | 'SPOT' | 'RESERVED';
      instanceRequirements?: {
        vCpuCount?: { min: number; max?: number };
        memoryMiB?: { min: number; max?: number };
        allowedInstanceTypes?: string[];
        cpuManufacturers?: ('intel' | 'amd' | 'amazon-web-services')[];
        burstablePerformance?: 'included' | 'required' | 'excluded';
      };
    };
    propagateTags?: 'CAPACITY_PROVIDER' | 'NONE';
    infrastructureOptimization?: { scaleInAfter?: number };
    autoRepairConfiguration?: { actionsStatus: 'ENABLED' | 'DISABLED' };
  };
  tags?: EcsTag[];
};

export type TaskProtection = { protectionEnabled: boolean; expirationDate?: Date };

/** An EC2 instance as DescribeInstances answers it. */
export type Ec2Instance = {
  readonly InstanceId: string;
  InstanceType: string;
  LaunchTime: Date;
  State: { Name: string };
  Placement: { AvailabilityZone: string };
  SubnetId?: string;
  InstanceLifecycle?: 'spot';
  /** Managed instances are hidden from lists that do not ask for them. */
  Operator?: { Managed: boolean; Principal?: string; HiddenByDefault?: boolean };
  Tags: { Key: string; Value: string }[];
};

export type Ec2Subnet = {
  readonly SubnetId: string;
  AvailabilityZone: string;
  AvailableIpAddressCount?: number;
};

export type Ec2InstanceType = {
  readonly InstanceType: string;
  VCpuInfo: { DefaultVCpus: number };
  MemoryInfo: { SizeInMiB: number };
  NetworkInfo: { MaximumNetworkInterfaces: number };
};

export type Ec2EventWindow = {
  readonly InstanceEventWindowId: string;
  Name?: string;
  CronExpression?: string;
  TimeRanges?: {
    StartWeekDay: string;
    StartHour: number;
    EndWeekDay: string;
    EndHour: number;
  }[];
  AssociationTarget?: { InstanceIds?: string[]; Tags?: { Key: string; Value: string }[] };
  State: string;
};

/** A target of Application Auto Scaling as DescribeScalableTargets answers it. */
export type ScalableTarget = {
  /** `service/<cluster>/<service>`. */
  readonly ResourceId: string;
  MinCapacity: number;
  MaxCapacity: number;
  SuspendedState?: {
    DynamicScalingInSuspended?: boolean;
    DynamicScalingOutSuspended?: boolean;
    ScheduledScalingSuspended?: boolean;
  };
};

/** A Lambda function or a pause that ECS puts between two stages of a deployment. */
export type EcsLifecycleHook = {
  targetType?: 'AWS_LAMBDA' | 'PAUSE';
  hookTargetArn?: string;
  roleArn?: string;
  lifecycleStages?: HookStage[];
  hookDetails?: Json;
  timeoutConfiguration?: { timeoutInMinutes?: number; action?: 'ROLLBACK' | 'CONTINUE' };
};

export type EcsService = {
  readonly serviceArn: string;
  readonly serviceName: string;
  readonly clusterArn: string;
  status: string;
  desiredCount: number;
  runningCount: number;
  pendingCount: number;
  launchType?: EcsLaunchType;
  capacityProviderStrategy?: EcsStrategyItem[];
  schedulingStrategy?: 'REPLICA' | 'DAEMON';
  deploymentController?: { type: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL' };
  availabilityZoneRebalancing?: 'ENABLED' | 'DISABLED';
  placementStrategy?: { type: 'binpack' | 'random' | 'spread'; field?: string }[];
  placementConstraints?: EcsPlacementConstraint[];
  networkConfiguration?: {
    awsvpcConfiguration?: { subnets: string[]; securityGroups?: string[] };
  };
  healthCheckGracePeriodSeconds?: number;
  taskDefinition?: string;
  loadBalancers?: EcsLoadBalancer[];
  deploymentConfiguration?: {
    minimumHealthyPercent?: number;
    maximumPercent?: number;
    deploymentCircuitBreaker?: {
      enable: boolean;
      rollback: boolean;
      /** True by default. */
      resetOnHealthyTask?: boolean;
    };
    strategy?: 'ROLLING' | 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
    bakeTimeInMinutes?: number;
    lifecycleHooks?: EcsLifecycleHook[];
    linearConfiguration?: { stepPercent?: number; stepBakeTimeInMinutes?: number };
    canaryConfiguration?: { canaryPercent?: number; canaryBakeTimeInMinutes?: number };
    alarms?: { alarmNames: string[]; enable: boolean; rollback: boolean };
  };
  deployments?: {
    id: string;
    status: string;
    rolloutState?: 'COMPLETED' | 'FAILED' | 'IN_PROGRESS';
    rolloutStateReason?: string;
    taskDefinition?: string;
    desiredCount?: number;
    runningCount?: number;
    pendingCount?: number;
    failedTasks?: number;
    createdAt?: Date;
    updatedAt?: Date;
  }[];
  /** Newest first; ECS keeps the last hundred. */
  events?: { id: string; createdAt: Date; message: string }[];
  currentServiceDeployment?: string;
  currentServiceRevisions?: {
    arn: string;
    requestedTaskCount?: number;
    runningTaskCount?: number;
    pendingTaskCount?: number;
  }[];
  tags: EcsTag[];
  createdAt?: Date;
};

export type ServiceDeploymentStatus =
  | 'PENDING'
  | 'SUCCESSFUL'
  | 'STOPPED'
  | 'STOP_REQUESTED'
  | 'IN_PROGRESS'
  | 'ROLLBACK_REQUESTED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED';

export type ServiceRevisionSummary = {
  arn: string;
  requestedTaskCount?: number;
  runningTaskCount?: number;
  pendingTaskCount?: number;
  requestedTestTrafficWeight?: number;
  requestedProductionTrafficWeight?: number;
};

export type ServiceDeployment = {
  readonly serviceDeploymentArn: string;
  readonly serviceArn: string;
  readonly clusterArn: string;
  status: ServiceDeploymentStatus;
  statusReason?: string;
  /** An open set: the API's own enumeration lags behind the stages it documents. */
  lifecycleStage?: string;
  createdAt?: Date;
  startedAt?: Date;
  updatedAt?: Date;
  finishedAt?: Date;
  stoppedAt?: Date;
  sourceServiceRevisions: ServiceRevisionSummary[];
  targetServiceRevision: ServiceRevisionSummary;
  lifecycleHookDetails?: {
    hookId: string;
    targetType: 'AWS_LAMBDA' | 'PAUSE';
    targetArn?: string;
    status: 'AWAITING_ACTION' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
    expiresAt?: Date;
    timeoutAction?: 'ROLLBACK' | 'CONTINUE';
  }[];
  rollback?: { reason?: string; startedAt?: Date; serviceRevisionArn?: string };
  deploymentConfiguration?: { lifecycleHooks?: EcsLifecycleHook[] };
  /** Of the deployment circuit breaker, where it watches. */
  deploymentCircuitBreaker?: {
    status: 'TRIGGERED' | 'MONITORING' | 'MONITORING_COMPLETE' | 'DISABLED';
    failureCount: number;
    threshold: number;
  };
  alarms?: {
    status?: 'TRIGGERED' | 'MONITORING' | 'MONITORING_COMPLETE' | 'DISABLED';
    alarmNames?: string[];
    triggeredAlarmNames?: string[];
  };
};

export type ServiceRevision = {
  readonly serviceRevisionArn: string;
  readonly serviceArn: string;
  readonly clusterArn: string;
  taskDefinition: string;
  createdAt?: Date;
  loadBalancers?: EcsLoadBalancer[];
  resolvedConfiguration?: {
    loadBalancers?: { targetGroupArn?: string; productionListenerRule?: string }[];
  };
  containerImages?: { containerName: string; image: string; imageDigest?: string }[];
  serviceConnectConfiguration?: {
    enabled: boolean;
    namespace?: string;
    services?: {
      portName: string;
      discoveryName?: string;
      clientAliases?: {
        port: number;
        dnsName?: string;
        testTrafficRules?: { header: { name: string; value?: { exact: string } } };
      }[];
    }[];
  };
  ecsManagedResources?: {
    gatewayConnections?: {
      gatewayArn?: string;
      portName?: string;
      serviceUrl?: string;
      accessType?: 'PUBLIC' | 'PRIVATE';
      resources?: {
        hostSharedAlb: {
          loadBalancerArn?: string;
          listenerArn?: string;
          listenerRuleArn?: string;
          testListenerRuleArn?: string;
          targetGroupArn?: string;
          alternateTargetGroupArn?: string;
        }[];
      };
    }[];
  };
};

export type LoadBalancer = {
  readonly LoadBalancerArn: string;
  readonly LoadBalancerName: string;
  DNSName: string;
  Type: 'application' | 'network';
  Scheme: 'internet-facing' | 'internal';
  VpcId?: string;
  SecurityGroups?: string[];
  CreatedTime?: Date;
};

export type ListenerAction = {
  Type: 'forward' | 'redirect' | 'fixed-response';
  TargetGroupArn?: string;
  Order?: number;
  ForwardConfig?: { TargetGroups: { TargetGroupArn: string; Weight?: number }[] };
  RedirectConfig?: {
    Protocol?: string;
    Port?: string;
    Host?: string;
    StatusCode: 'HTTP_301' | 'HTTP_302';
  };
  FixedResponseConfig?: { StatusCode: string; ContentType?: string; MessageBody?: string };
};

export type Listener = {
  readonly ListenerArn: string;
  readonly LoadBalancerArn: string;
  Port: number;
  Protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'TLS' | 'UDP' | 'TCP_UDP';
  Certificates?: { CertificateArn: string; IsDefault?: boolean }[];
  DefaultActions?: ListenerAction[];
};

export type RuleCondition = {
  Field:
    | 'http-header'
    | 'path-pattern'
    | 'host-header'
    | 'query-string'
    | 'http-request-method'
    | 'source-ip';
  Values?: string[];
  RegexValues?: string[];
  HttpHeaderConfig?: { HttpHeaderName: string; Values?: string[]; RegexValues?: string[] };
  PathPatternConfig?: { Values?: string[]; RegexValues?: string[] };
  HostHeaderConfig?: { Values?: string[]; RegexValues?: string[] };
  QueryStringConfig?: { Values: { Key?: string; Value: string }[] };
  HttpRequestMethodConfig?: { Values: string[] };
  SourceIpConfig?: { Values: string[] };
};

export type ListenerRule = {
  readonly RuleArn: string;
  /** A number in decimal, or `default`. */
  Priority: string;
  Conditions: RuleCondition[];
  Actions: ListenerAction[];
  IsDefault: boolean;
};

export type TargetState =
  | 'initial'
  | 'healthy'
  | 'unhealthy'
  | 'unhealthy.draining'
  | 'unused'
  | 'draining'
  | 'unavailable';

export type TargetHealth = {
  Target: { Id: string; Port?: number; AvailabilityZone?: string };
  HealthCheckPort?: string;
  TargetHealth: { State: TargetState; Reason?: string; Description?: string };
  AdministrativeOverride?: {
    State: 'no_override' | 'unknown' | 'zonal_shift_active' | 'zonal_shift_delegated_to_dns';
    Description?: string;
  };
};

export type TargetGroup = {
  readonly TargetGroupArn: string;
  targets: TargetHealth[];
  HealthCheckIntervalSeconds?: number;
  HealthyThresholdCount?: number;
  UnhealthyThresholdCount?: number;
  /** The attribute `deregistration_delay.timeout_seconds`. */
  deregistrationDelaySeconds?: number;
};

export type Alarm = {
  readonly AlarmName: string;
  StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  StateReason?: string;
  StateUpdatedTimestamp?: Date;
  /** Present on a composite alarm only. */
  AlarmRule?: string;
  MetricName?: string;
  Namespace?: string;
  Threshold?: number;
};

/** Samples of one metric; its statistics are computed from them when they are asked for. */
export type MetricSeries = {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: Readonly<Record<string, string>>;
  samples: { atMs: number; value: number }[];
  /** What GetMetricData says instead of answering. */
  failure?: 'InternalError' | 'Forbidden';
};

export type Parameter = {
  Type: 'String' | 'StringList' | 'SecureString';
  Value: string;
  Version?: number;
  LastModifiedDate?: Date;
};

export type Secret = { SecretString: string; CreatedDate?: Date };

/** A DynamoDB value in its wire form; binary is base64. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: AttributeValue[] }
  | { M: Item }
  | { BOOL: boolean }
  | { NULL: boolean };

export type Item = { [name: string]: AttributeValue };

export type KeySchema = { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[];

/** A table as CreateTable and `AWS::DynamoDB::Table` describe it, as far as it is simulated. */
export type TableDefinition = {
  readonly TableName: string;
  readonly AttributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' | 'B' }[];
  readonly KeySchema: KeySchema;
  readonly GlobalSecondaryIndexes?: {
    IndexName: string;
    KeySchema: KeySchema;
    Projection: { ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; NonKeyAttributes?: string[] };
  }[];
};

export type Table = {
  readonly definition: TableDefinition;
  /** Keyed by an encoding of the primary key: only the responder writes here; read the values. */
  readonly items: Map<string, Item>;
};

/** A message as a topic took it. */
export type PublishedMessage = {
  readonly messageId: string;
  readonly atMs: number;
  readonly subject: string | undefined;
  /** By protocol; what is not listed gets `default`. */
  readonly bodies: Readonly<Record<string, string>> & { readonly default: string };
  readonly attributes: Readonly<Record<string, string>>;
};

export type Topic = { readonly TopicArn: string; readonly messages: PublishedMessage[] };

/** Streams are keyed by name; events are in the order of their times. */
export type LogGroup = {
  readonly logGroupName: string;
  readonly streams: Map<string, { timestamp: number; message: string }[]>;
};

/** One simulated account in one Region. Maps are keyed by ARN unless they say otherwise. */
export type Account = {
  readonly region: string;
  readonly accountId: string;
  nowMs(): number;
  /** Grows before resources may change: as long as it stays, they do. */
  changes: number;
  readonly clusters: Map<string, EcsCluster>;
  readonly services: Map<string, EcsService>;
  readonly tasks: Map<string, EcsTask>;
  readonly taskDefinitions: Map<string, EcsTaskDefinition>;
  readonly containerInstances: Map<string, EcsContainerInstance>;
  /** ARNs of those whose machine is gone, while ECS does not know: nobody answers there. */
  readonly deadInstances: Set<string>;
  /** By name. */
  readonly capacityProviders: Map<string, EcsCapacityProvider>;
  /** By task ARN. */
  readonly taskProtections: Map<string, TaskProtection>;
  /** By id. */
  readonly ec2Instances: Map<string, Ec2Instance>;
  /** By id. */
  readonly subnets: Map<string, Ec2Subnet>;
  /** By name. */
  readonly instanceTypes: Map<string, Ec2InstanceType>;
  /** By id. */
  readonly eventWindows: Map<string, Ec2EventWindow>;
  /** By resource id. */
  readonly scalableTargets: Map<string, ScalableTarget>;
  readonly serviceDeployments: Map<string, ServiceDeployment>;
  readonly serviceRevisions: Map<string, ServiceRevision>;
  readonly loadBalancers: Map<string, LoadBalancer>;
  readonly listeners: Map<string, Listener>;
  readonly rules: Map<string, ListenerRule>;
  readonly targetGroups: Map<string, TargetGroup>;
  /** By name. */
  readonly alarms: Map<string, Alarm>;
  readonly metrics: MetricSeries[];
  /** By name. */
  readonly parameters: Map<string, Parameter>;
  /** By name. */
  readonly secrets: Map<string, Secret>;
  /** By name. */
  readonly tables: Map<string, Table>;
  readonly topics: Map<string, Topic>;
  /** By name. */
  readonly logGroups: Map<string, LogGroup>;
  /** Every request in the order of arrival. */
  readonly calls: Call[];
  /** The first rule that matches a call applies to it. */
  readonly faults: FaultRule[];
  /** Asked before `faults` for every call; a property draws its faults here. */
  intercept?: ((call: Call) => Fault | undefined) | undefined;
  /** Takes the tokens of a call; false where AWS refuses it as one too many. */
  admits?: ((call: Call) => boolean) | undefined;
  /**
   * What was asked of the simulation that it does not know. A handler may swallow the error the
   * client got, so a test asserts that this is empty.
   */
  readonly problems: string[];
};

export type AccountOptions = {
  readonly nowMs: () => number;
  readonly region?: string;
  readonly accountId?: string;
  readonly tables?: readonly TableDefinition[];
  /** ARNs. */
  readonly topics?: readonly string[];
};

/** An account with nothing in it but the tables given. */
export function createAccount(options: AccountOptions): Account {
  const account: Account = {
    region: options.region ?? 'eu-central-1',
    accountId: options.accountId ?? '123456789012',
    nowMs: options.nowMs,
    changes: 0,
    clusters: new Map(),
    services: new Map(),
    tasks: new Map(),
    taskDefinitions: new Map(),
    containerInstances: new Map(),
    deadInstances: new Set(),
    capacityProviders: new Map(),
    taskProtections: new Map(),
    ec2Instances: new Map(),
    subnets: new Map(),
    instanceTypes: new Map(),
    eventWindows: new Map(),
    scalableTargets: new Map(),
    serviceDeployments: new Map(),
    serviceRevisions: new Map(),
    loadBalancers: new Map(),
    listeners: new Map(),
    rules: new Map(),
    targetGroups: new Map(),
    alarms: new Map(),
    metrics: [],
    parameters: new Map(),
    secrets: new Map(),
    tables: new Map(),
    topics: new Map(),
    logGroups: new Map(),
    calls: [],
    faults: [],
    problems: [],
  };
  for (const definition of options.tables ?? []) {
    account.tables.set(definition.TableName, { definition, items: new Map() });
  }
  for (const TopicArn of options.topics ?? []) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  return account;
}
