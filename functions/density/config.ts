import type { StackMode } from '../../shared/domain/mode.ts';
import { readEnv } from '../../shared/runtime/env.ts';

/** The stack's settings for density; each variable is a parameter or resource of `template.yaml`. */
export type Config = {
  readonly stackMode: StackMode;
  readonly clusterArns: readonly string[];
  readonly tableName: string;
  /** A service is concentrated with so much of its running tasks on one instance. */
  readonly concentrationPercentMax: number;
  /** Two zones of a service may differ by so many tasks: what is beyond it, az-balance tells. */
  readonly zoneSkewMax: number;
  /** What a Savings Plan takes off the price of EC2. */
  readonly ec2DiscountPercent: number;
  /** Metrics of every provider and service, beyond the ten of the stack. */
  readonly perServiceMetrics: boolean;
};

type Env = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every variable that is wrong. */
export const readConfig = (env: Env): Config =>
  readEnv(env, (read) => ({
    stackMode: read.oneOf('MODE', ['observe', 'opt-in', 'enforce']),
    clusterArns: read.listOfSome('CLUSTER_ARNS'),
    tableName: read.text('TABLE_NAME'),
    concentrationPercentMax: read.integer('CONCENTRATION_PERCENT_MAX', 41, 100),
    zoneSkewMax: read.integer('ZONE_SKEW_MAX', 1, 100),
    ec2DiscountPercent: read.integer('EC2_DISCOUNT_PERCENT', 0, 99),
    perServiceMetrics: read.oneOf('PER_SERVICE_METRICS', ['false', 'true']) === 'true',
  }));
