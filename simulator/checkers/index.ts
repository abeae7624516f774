import type { Checker } from './checker.ts';
import { decisionsLogged } from './decisions.ts';
import { densityCheckers } from './density.ts';
import { endsWhenWell } from './endings.ts';
import { floors, worldUnchanged } from './floors.ts';
import {
  brokenNeverPasses,
  goodGreenPasses,
  hookAnswers,
  observingGatePasses,
  verdictInTime,
  wayBackFree,
} from './hooks.ts';
import {
  incidentsResolve,
  incidentsTold,
  noFalseAlarms,
  rollbacksTold,
  toldOnce,
} from './incidents.ts';
import { noise } from './noise.ts';
import { pagesPaired } from './pages.ts';
import { errorsExplained, problems } from './problems.ts';
import { firstRunQuiet, manyToldAsOne, mutesKept, optedOutUntold } from './quiet.ts';
import { replacementCheckers } from './replacements.ts';
import { observeWritesNothing, writesAllowed, writesWithinBudget } from './writes.ts';
import { zoneCheckers } from './zones.ts';

/** What every run is held to; a new function brings a checker of its own. */
export const allCheckers: readonly Checker[] = [
  floors,
  worldUnchanged,
  observeWritesNothing,
  writesAllowed,
  writesWithinBudget,
  hookAnswers,
  verdictInTime,
  wayBackFree,
  brokenNeverPasses,
  goodGreenPasses,
  observingGatePasses,
  incidentsTold,
  rollbacksTold,
  toldOnce,
  noFalseAlarms,
  manyToldAsOne,
  mutesKept,
  optedOutUntold,
  firstRunQuiet,
  incidentsResolve,
  endsWhenWell,
  pagesPaired,
  noise,
  decisionsLogged,
  problems,
  errorsExplained,
  ...zoneCheckers,
  ...densityCheckers,
  ...replacementCheckers,
];
