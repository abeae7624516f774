/** A container of a stopped task. */
export type StoppedContainer = {
  readonly name: string;
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  readonly image: string | undefined;
};

/** A stopped task as its event tells it: stopped tasks vanish from the API, so this is the truth. */
export type StoppedTask = {
  readonly taskArn: string;
  /** `detail.version`: equal ones are the same event, lower ones are older. */
  readonly version: number;
  readonly clusterArn: string;
  /** `service:<name>` or `family:<name>`; undefined where the event does not say. */
  readonly group: string | undefined;
  readonly startedBy: string | undefined;
  readonly launchType: string | undefined;
  readonly capacityProvider: string | undefined;
  readonly zone: string | undefined;
  readonly containerInstanceArn: string | undefined;
  readonly taskDefinitionArn: string;
  readonly stopCode: string | undefined;
  readonly stoppedReason: string | undefined;
  readonly createdAtMs: number | undefined;
  readonly startedAtMs: number | undefined;
  readonly stoppedAtMs: number;
  readonly memoryMiB: number | undefined;
  readonly containers: readonly StoppedContainer[];
};
