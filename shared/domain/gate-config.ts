import type { Check } from './check.ts';
import type { Mode } from './mode.ts';

/** A CloudWatch metric with the bounds within which green is well. */
export type MetricCheck = {
  readonly name: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
  readonly periodSeconds: number;
  readonly windowMinutes: number;
  readonly max?: number;
  readonly min?: number;
  /** What no data in the window means: `pass` for counts of errors, `wait` where data must come. */
  readonly missing: 'pass' | 'wait';
};

/** What `hookDetails` asks of the gate, complete: parsing fills in every default. */
export type GateConfig = {
  readonly mode: Mode | undefined;
  readonly checks: readonly Check[];
  readonly samples: {
    /** Answers a side at most; 0 turns sampling off. */
    readonly max: number;
    /** Requests a side, sent first and not counted. */
    readonly warmUp: number;
    readonly perSecond: number;
    readonly inFlight: number;
  };
  readonly comparison: {
    readonly isEnabled: boolean;
    /** Names of the compared checks; empty: every GET and HEAD check, up to the limit. */
    readonly checks: readonly string[];
    readonly marginRatio: number;
    readonly floorMs: number;
    readonly excludeRatio: number;
  };
  readonly targets: { readonly mustBeHealthy: boolean; readonly healthyMin: number };
  readonly alarms: readonly string[];
  readonly metrics: readonly MetricCheck[];
  readonly endpoint: {
    readonly url?: string;
    readonly blueUrl?: string;
    readonly host?: string;
    /** What targets speak where the listener does not say it. */
    readonly protocol?: 'http' | 'https';
    readonly container?: string;
    readonly verifiesCertificate: boolean;
  };
  readonly identity: IdentityConfig | undefined;
  readonly deadlineMinutes: number;
};

/** How green is recognised: where its answers say who it is, and what that is compared with. */
export type IdentityConfig = {
  /** The check whose answers say it; absent: every check's answers must. */
  readonly check?: string;
  readonly from: { readonly header: string } | { readonly json: string };
  /** A fact of the target service revision, or a literal. */
  readonly equals:
    | { readonly kind: 'image-digest'; readonly container?: string }
    | { readonly kind: 'revision-id' }
    | { readonly kind: 'task-definition' }
    | { readonly kind: 'text'; readonly text: string };
};

/** Checks that are sampled at most: each costs up to 2 × `samples.max` requests and room in the state. */
export const sampledChecksMax = 4;

const isRepeatable = ({ method }: Check): boolean => method === 'GET' || method === 'HEAD';

/** The checks whose answers are sampled and compared: GET and HEAD only, as they change nothing. */
export function sampledChecks(config: GateConfig): readonly Check[] {
  if (config.samples.max === 0) return [];
  const { checks: names } = config.comparison;
  return config.checks
    .filter((check) => isRepeatable(check) && check.name !== config.identity?.check)
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .slice(0, sampledChecksMax);
}
