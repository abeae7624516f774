import type { StackMode } from '../../shared/domain/mode.ts';
import { readEnv } from '../../shared/runtime/env.ts';

/** The stack's settings for instance-replacement; each is a parameter or resource of `template.yaml`. */
export type Config = {
  /** The same in every mode: nothing is ever changed. */
  readonly stackMode: StackMode;
  readonly clusterArns: readonly string[];
  readonly tableName: string;
  /** How long ahead a replacement that hurts someone is told. */
  readonly noticeHours: number;
};

type Env = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every variable that is wrong. */
export const readConfig = (env: Env): Config =>
  readEnv(env, (read) => ({
    stackMode: read.oneOf('MODE', ['observe', 'opt-in', 'enforce']),
    clusterArns: read.listOfSome('CLUSTER_ARNS'),
    tableName: read.text('TABLE_NAME'),
    noticeHours: read.integer('REPLACEMENT_NOTICE_HOURS', 24, 336),
  }));
