/** What goes wrong in a run of the corpus: somebody should hear of each of them. */
export const harmfulCauses = [
  /** A zone fails: its instances go, and nothing can be launched there. */
  'lost-zone',
  /** A service's desired count climbs without an end. */
  'runaway-scale-out',
  /** Most services are scaled in at once, and what is left is packed onto few instances. */
  'packing-after-scale-in',
  /** Instances that nobody needs any more stay: ECS's optimisation does not run. */
  'stuck-optimizer',
  /** A deployment reserves several times too much, or too little, for each task. */
  'wrong-task-size',
] as const;

/** What goes on in any cluster: nobody should hear of it. */
export const harmlessCauses = ['blue-green', 'rolling', 'drain', 'daily-scaling'] as const;

export type HarmfulCause = (typeof harmfulCauses)[number];
export type HarmlessCause = (typeof harmlessCauses)[number];

/** A figure of density that a cause is expected to move. */
export type MovedFigure =
  | 'instances'
  | 'zones'
  | 'tasks-per-instance'
  | 'reserved-share'
  | 'idle-share';

/** Something that was done to a cluster, and when: the truth that a detector is scored by. */
export type Label = {
  readonly cause: HarmfulCause | HarmlessCause;
  readonly fromMs: number;
  /** When it was repaired, or over. */
  readonly untilMs: number;
  /** Service, zone or instance. */
  readonly subject: string;
  /** What it should move, the most telling first; empty for what is harmless. */
  readonly moves: readonly MovedFigure[];
};

/** Seeds that constants and thresholds may be chosen on. */
export const tuningSeeds: readonly number[] = seedsFrom(1, 20);
/** Seeds that figures are reported on. Nothing is ever chosen on these. */
export const evaluationSeeds: readonly number[] = seedsFrom(1_001, 20);

function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}
