import type { Random } from './random.ts';

/** How the application in a task answers requests: what gates and users see of it. */
export type AppHttp = {
  /** Lognormal: half of all answers come within the median. */
  readonly latency: { readonly medianMs: number; readonly sigma: number };
  /** 200 by default. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Share of the answers that are a 500 instead, by chance. */
  readonly errorShare?: number;
  /** Share of the connections that are reset before an answer, by chance. */
  readonly resetShare?: number;
  /** It takes requests and never answers them. */
  readonly hangs?: boolean;
  /** What differs on one path, without its query. */
  readonly paths?: Readonly<Record<string, Partial<Omit<AppHttp, 'paths'>>>>;
};

/** The applications of a scenario, by ARN of their task definition. */
export type AppsHttp = ReadonlyMap<string, AppHttp>;

/** What an application does with one request. */
export type AppAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly elapsedMs: number;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence' };

/** Where nobody says otherwise: an application that is well. */
const wellDefault: AppHttp = { latency: { medianMs: 40, sigma: 0.15 } };

/** The header by which every application says which revision it is, as `web:12`. */
export const buildHeader = 'x-build';

/**
 * Draws what an application of this task definition answers. Each call draws the same number of
 * numbers whatever comes of it, so that one answer does not shift the next.
 */
export function answerOf(
  apps: AppsHttp,
  taskDefinitionArn: string,
  path: string,
  random: Random,
): AppAnswer {
  const app = apps.get(taskDefinitionArn) ?? wellDefault;
  const own = { ...app, ...app.paths?.[path.split('?', 1)[0] ?? path] };
  const [reset, error, latency] = [random.next(), random.next(), normal(random)];
  if (own.hangs === true) return { kind: 'silence' };
  if (reset < (own.resetShare ?? 0)) return { kind: 'reset' };
  const isError = error < (own.errorShare ?? 0);
  return {
    kind: 'answer',
    status: isError ? 500 : (own.status ?? 200),
    headers: { [buildHeader]: revisionOf(taskDefinitionArn), ...own.headers },
    body: isError ? 'error' : (own.body ?? '{"status":"ok"}'),
    elapsedMs: own.latency.medianMs * Math.exp(own.latency.sigma * latency),
  };
}

const revisionOf = (taskDefinitionArn: string): string => taskDefinitionArn.split('/').at(-1) ?? '';

/** Standard normal, by Box and Muller. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
