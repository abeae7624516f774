import type { Scenario } from '../../simulator/scenario.ts';
import {
  alarmed,
  besideJobs,
  crowd,
  graveWhileMuted,
  guarded,
  halfWay,
  lateStart,
  mended,
  muted,
  noisy,
  notOptedIn,
  pulledBack,
  replacedLoop,
  scaledIn,
  starved,
  tagged,
  threeStops,
  unmeasured,
} from './corners.ts';
import { pocket } from './pocket.ts';

const observing: Scenario = { ...pocket, name: 'observing', stackMode: () => 'observe' };

/** Short scenarios of the tests' own, by name. */
export const smallScenarios = {
  pocket,
  observing,
  alarmed,
  crowd,
  guarded,
  mended,
  muted,
  noisy,
  starved,
  tagged,
  unmeasured,
  'grave-while-muted': graveWhileMuted,
  'beside-jobs': besideJobs,
  'not-opted-in': notOptedIn,
  'replaced-loop': replacedLoop,
  'three-stops': threeStops,
  'scaled-in': scaledIn,
  'late-start': lateStart,
  'pulled-back': pulledBack,
  'half-way': halfWay,
} as const satisfies Readonly<Record<string, Scenario>>;

export type SmallScenario = keyof typeof smallScenarios;
