import type { StackMode } from '../../shared/domain/mode.ts';
import { readEnv } from '../../shared/runtime/env.ts';

/** The stack's settings for task-state; each variable is a parameter or resource of `template.yaml`. */
export type Config = {
  readonly stackMode: StackMode;
  readonly clusterArns: readonly string[];
  readonly tableName: string;
  readonly alertsTopicArn: string;
  readonly pagesTopicArn: string;
  /** Where the runbooks are; a kind of incident is an anchor in it. */
  readonly runbookBase: string;
  readonly timeZone: string;
  readonly digestHour: number;
  readonly crashLoopStops: number;
  readonly crashLoopMinutes: number;
  /** How the names of log groups begin that alerts may quote; empty: no log is read. */
  readonly taskLogGroupPrefix: string;
};

type Env = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every variable that is wrong. */
export const readConfig = (env: Env): Config =>
  readEnv(env, (read) => ({
    stackMode: read.oneOf('MODE', ['observe', 'opt-in', 'enforce']),
    clusterArns: read.listOfSome('CLUSTER_ARNS'),
    tableName: read.text('TABLE_NAME'),
    alertsTopicArn: read.text('ALERTS_TOPIC_ARN'),
    pagesTopicArn: read.text('PAGES_TOPIC_ARN'),
    runbookBase: read.text('RUNBOOK_BASE'),
    timeZone: read.timeZone('TIME_ZONE'),
    digestHour: read.integer('DIGEST_HOUR', 0, 23),
    crashLoopStops: read.integer('CRASH_LOOP_STOPS', 2, 32),
    crashLoopMinutes: read.integer('CRASH_LOOP_MINUTES', 1, 60),
    taskLogGroupPrefix: read.maybeText('TASK_LOG_GROUP_PREFIX'),
  }));
