import type { AppHttp } from './app-http.ts';
import type { FaultName } from './faults.ts';
import type { Random } from './random.ts';
import type { Users } from './users.ts';
import type { World } from './world.ts';

/** `fast` puts the functions straight on the world; `wire` lets them talk to AWS through its SDK. */
export type RunMode = 'wire' | 'fast';

export type StackMode = 'observe' | 'opt-in' | 'enforce';

/** A story that is played in a world: who is there, what they do, and what may go wrong. */
export type Scenario = {
  readonly name: string;
  /** What it is about, in one sentence. */
  readonly sentence: string;
  /** Its length, the time after the faults included. */
  readonly days: number;
  readonly daysMax: number;
  readonly mode: RunMode;
  readonly stackMode: (seed: number) => StackMode;
  /** Faults that may be on; the seed draws about half of them. */
  readonly faults: readonly FaultName[];
  /** Faults that are on whatever the seed: what the scenario is about. */
  readonly essentialFaults?: readonly FaultName[];
  /** Before its end, this long nothing goes wrong any more: then everything has to be well again. */
  readonly convergesWithinMs: number;
  /** When Ballast is put up, after the start; at once by default. Until then the cluster runs alone. */
  readonly upAfterMs?: number;
  /** Its stack has the functions that look at whole clusters, whatever a run's options say. */
  readonly hasWatchers?: boolean;
  /** Pages and cards that it may cost, digests apart; undefined where trouble is the point. */
  readonly noise?: { readonly pagesMax: number; readonly cardsMax: number };
  /** Where it plays; `prod` in the simulation's own Region by default. */
  readonly clusterName?: string;
  readonly region?: string;
  readonly arrange: (stage: Stage) => Arranged;
  /** What happens in whatever cluster it is, besides the faults. */
  readonly story?: (stage: Stage, zones: readonly string[]) => void;
};

/** What a scenario leaves behind for the run. */
export type Arranged = {
  readonly zones: readonly string[];
  /** Deploys something somewhere, for the fault of that name. */
  readonly deploy?: (random: Random) => void;
  /** What the scenario has to say of itself at the end, as JSON. */
  readonly figures?: () => Readonly<Record<string, unknown>>;
};

/** What a scenario arranges things in. */
export type Stage = {
  readonly world: World;
  readonly startMs: number;
  /** Faults are on from here... */
  readonly faultsFromMs: number;
  /** ...to here. */
  readonly faultsUntilMs: number;
  readonly endMs: number;
  readonly clusterName: string;
  /** What the stack may do. */
  readonly stackMode: StackMode;
  /** Ballast's hook, to attach to services; undefined in a world without Ballast. */
  readonly hook: { readonly hookTargetArn: string; readonly roleArn: string } | undefined;
  /** How applications answer, by ARN of the task definition. */
  readonly apps: Map<string, AppHttp>;
  readonly users: Users;
  readonly reactions: Reactions;
  /** A stream of the scenario's own. */
  random(concern: string): Random;
  /** What people and nature do: a line of the timeline. */
  note(text: string): void;
  /** What is so, and what nobody tells Ballast. */
  know(truth: Truth): void;
};

/** What people did because they were told something, by what it was: when they did it. */
export type Reactions = {
  /** Of this run. */
  readonly noted: Map<string, number>;
  /** Of another run, which this one repeats in place of its own. */
  readonly repeated: ReadonlyMap<string, number> | undefined;
};

/** What a scenario knows. */
export type Truth = BuildTruth | MuteTruth;

/** Somebody wants to hear nothing of a service for a while. */
export type MuteTruth = {
  readonly type: 'mute';
  readonly service: string;
  readonly fromMs: number;
  readonly untilMs: number;
};

/** Of a build that is deployed. */
export type BuildTruth = {
  readonly type: 'build';
  readonly service: string;
  readonly taskDefinitionArn: string;
  /**
   * `good`: as its predecessor; `broken`: it fails every test call in the same way; `worse`: slower, or
   * with more errors, by chance.
   */
  readonly health: 'good' | 'broken' | 'worse';
  /** Its deployments pass a gate that enforces. */
  readonly isEnforced: boolean;
};
