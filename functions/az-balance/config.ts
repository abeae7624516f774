import type { StackMode } from '../../shared/domain/mode.ts';
import { readEnv } from '../../shared/runtime/env.ts';

/** The stack's settings for az-balance; each variable is a parameter or resource of `template.yaml`. */
export type Config = {
  readonly stackMode: StackMode;
  readonly clusterArns: readonly string[];
  readonly tableName: string;
  /** Largest tolerated difference, in tasks, between two zones of a service. */
  readonly zoneSkewMax: number;
  /** How long an imbalance has to last, and a service is left alone after something moved its tasks. */
  readonly zoneHoldMinutes: number;
};

type Env = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every variable that is wrong. */
export const readConfig = (env: Env): Config =>
  readEnv(env, (read) => ({
    stackMode: read.oneOf('MODE', ['observe', 'opt-in', 'enforce']),
    clusterArns: read.listOfSome('CLUSTER_ARNS'),
    tableName: read.text('TABLE_NAME'),
    zoneSkewMax: read.integer('ZONE_SKEW_MAX', 1, 100),
    zoneHoldMinutes: read.integer('ZONE_HOLD_MINUTES', 5, 1_440),
  }));
