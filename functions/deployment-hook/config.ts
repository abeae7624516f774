import type { StackMode } from '../../shared/domain/mode.ts';
import { readEnv } from '../../shared/runtime/env.ts';

/** The stack's settings for the hook; each variable is a parameter or resource of `template.yaml`. */
export type Config = {
  readonly stackMode: StackMode;
  readonly clusterArns: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly tableName: string;
};

type Env = Readonly<Record<string, string | undefined>>;

/** Throws ConfigError naming every variable that is wrong. */
export const readConfig = (env: Env): Config =>
  readEnv(env, (read) => ({
    stackMode: read.oneOf('MODE', ['observe', 'opt-in', 'enforce']),
    clusterArns: read.listOfSome('CLUSTER_ARNS'),
    allowedHosts: read.list('HOOK_ALLOWED_HOSTS'),
    tableName: read.text('TABLE_NAME'),
  }));
