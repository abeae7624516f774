/** What an event can say of why an instance is about to go. */
export type ReplacementHint =
  | 'health'
  /** ECS calls it OK again. */
  | 'healthy'
  | 'aws-health'
  /** AWS Health has closed what it announced, or did what it was about. */
  | 'aws-health-over'
  | 'spot-interruption'
  | 'rebalance-recommendation'
  | 'ec2-stopping';

/** One thing that an event says of one container instance, or of the EC2 instance under one. */
export type InstanceNotice =
  | {
      /** ECS's own record of the instance at one version. */
      readonly kind: 'state';
      readonly clusterArn: string;
      readonly instanceArn: string;
      readonly ec2InstanceId: string | undefined;
      readonly capacityProvider: string | undefined;
      readonly status: string;
      readonly version: number;
      readonly atMs: number;
    }
  | {
      readonly kind: 'health';
      readonly clusterArn: string;
      readonly instanceArn: string;
      readonly ec2InstanceId: string | undefined;
      readonly capacityProvider: string | undefined;
      /** `IMPAIRED`, `OK`, ... */
      readonly status: string;
      readonly atMs: number;
    }
  | {
      /** EC2 and AWS Health know no cluster: the instance has to be looked up. */
      readonly kind: 'ec2';
      readonly ec2InstanceId: string;
      readonly hint: ReplacementHint;
      /** EC2's state, or the code of AWS Health. */
      readonly detail: string;
      readonly atMs: number;
    };
