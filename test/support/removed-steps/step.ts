import type { FaultName } from '../../../simulator/faults.ts';
import type { RunMode } from '../../../simulator/scenario.ts';
import type { SmallScenario } from '../small-scenarios.ts';
import type { Surroundings } from '../surroundings.ts';

/** A step of a function that guards a promise, and what becomes of a run without it. */
export type RemovedStep = {
  readonly id: string;
  /** The promise, in a sentence. */
  readonly guards: string;
  /** Where the step is, by its path in the repository. */
  readonly file: string;
  /** Its text there, found once; and the text that takes its place. */
  readonly step: string;
  readonly without: string;
  readonly run: StepRun;
  /** Name of the checker that notices. */
  readonly checker: string;
  /**
   * Ids of the steps that keep the same promise by themselves: they are removed as well. Nobody notices
   * that they alone are, so it is this step that is missed.
   */
  readonly besides?: readonly string[];
  /** Names of the checkers that what is around the functions breaks by itself. */
  readonly anyway?: readonly string[];
};

/** The run in which the step is missed. */
export type StepRun = {
  readonly scenario: SmallScenario;
  readonly seed: number;
  /** `fast` by default. */
  readonly mode?: RunMode;
  /** Drawn by the seed, where the scenario has some. */
  readonly faults?: readonly FaultName[];
  /** Of each request to AWS; drawn by default. */
  readonly latencyMs?: number;
  /** What is around the functions besides. */
  readonly around?: Surroundings;
  /** Variables of the functions' environment that are other than the template's. */
  readonly env?: Readonly<Record<string, string>>;
};
