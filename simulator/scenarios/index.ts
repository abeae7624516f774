import type { Scenario } from '../scenario.ts';
import { badGreen } from './bad-green.ts';
import { crashLoop } from './crash-loop.ts';
import { day14 } from './day-14.ts';
import { demo } from './demo.ts';
import { demoWeeks } from './demo-weeks.ts';
import { healthyMonth } from './healthy-month.ts';
import { scaleIn } from './scale-in.ts';
import { seed000 } from './seed-000.ts';
import { seed003 } from './seed-003.ts';
import { spot } from './spot.ts';
import { storm } from './storm.ts';
import { zoneOutage } from './zone-outage.ts';

/** Every scenario, by name. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [
    ...[badGreen, crashLoop, day14, demo, demoWeeks, healthyMonth, scaleIn],
    ...[seed000, seed003, spot, storm, zoneOutage],
  ].map((scenario) => [scenario.name, scenario]),
);
