import { describe, expect, it } from 'vitest';
import type { FaultName } from '../../../simulator/faults.ts';
import type { Factories } from '../../../simulator/play.ts';
import { runScenario } from '../../../simulator/run.ts';
import type { RunMode, Scenario } from '../../../simulator/scenario.ts';
import { day14 } from '../../../simulator/scenarios/day-14.ts';
import type { World } from '../../../simulator/world.ts';
import {
  actsTwice,
  answersSucceededOnError,
  dropsBelowTheFloor,
  ignoresProtection,
  pagesTwice,
} from '../../support/broken-controllers.ts';
import {
  countsTwice,
  failsEverything,
  followsInstancesFor,
  forgetsDedupe,
  forgetsZoneCards,
  hastyAboutDensity,
  hastyAboutDrains,
  hastyAboutZones,
  logsNothing,
  neverDecides,
  neverResolves,
  pagesForDensity,
  pagesForZones,
  passesUnproven,
  scalesDown,
  swallowsBatch,
  tellsTwice,
  throwsInstead,
  watchesDensityFor,
  watchesZonesFor,
} from '../../support/broken-functions.ts';
import { alarmed, guarded, lateStart, unmeasured } from '../../support/corners.ts';
import { evenings } from '../../support/evenings.ts';
import { packed } from '../../support/packed.ts';
import { pocket } from '../../support/pocket.ts';

type Broken = (real: Factories) => Factories;

type Played = {
  readonly faults?: readonly FaultName[];
  readonly scenario?: Scenario;
  /** Fast, unless what is broken is the way to AWS. */
  readonly mode?: RunMode;
  readonly days?: number;
  readonly seed?: number;
};

/** Scenarios for one of the functions that look at whole clusters; the others take their time. */
const watchers: ReadonlyMap<Scenario, readonly string[]> = new Map([
  [evenings, ['az-balance']],
  [day14, ['instance-replacement']],
  [packed, ['density']],
]);

/** That of the run that goes on. */
let world: World | undefined;

async function brokenBy(
  replace: Broken | undefined,
  { faults = [], scenario = pocket, mode = 'fast', days = scenario.days, seed = 3 }: Played = {},
): Promise<readonly string[]> {
  const withWatchers = watchers.get(scenario) ?? false;
  const report = await runScenario(scenario, {
    seed,
    mode,
    days,
    faults: new Set(faults),
    watch: (watched) => {
      world = watched.world;
    },
    ...(replace === undefined ? {} : { replace }),
    withWatchers,
  });
  return report.invariants.filter(({ isHeld }) => !isHeld).map(({ name }) => name);
}

/** Enough for a card, over the wire. */
const night: Played = { mode: 'wire', days: 0.13 };

const observing: Scenario = { ...pocket, stackMode: () => 'observe' };

/** The machine may be busy; a run takes a second or two on an idle one. */
const patienceMs = 120_000;

describe('a broken function', { timeout: patienceMs }, () => {
  it('is told from the real ones, under which everything holds', async () => {
    expect(await brokenBy(undefined, { faults: ['duplicate-events'] })).toEqual([]);
    expect(await brokenBy(undefined, { scenario: observing })).toEqual([]);
  });

  it.each<readonly [string, Broken, string, Played]>([
    ['takes a repeat for news', forgetsDedupe, 'no-false-alarms', { faults: ['duplicate-events'] }],
    ['swallows a batch', swallowsBatch, 'incidents-told', {}],
    ['sends every message twice', tellsTwice, 'told-once', { mode: 'wire' }],
    ['never sees a service well', neverResolves, 'incidents-resolve', { mode: 'wire' }],
    ['passes what it has not proven', passesUnproven, 'broken-green-never-passes', {}],
    ['answers without a decision', passesUnproven, 'decisions-logged', {}],
    ['rolls everything back', failsEverything, 'good-green-passes', {}],
    ['tells nobody of a rollback', failsEverything, 'rollbacks-told', {}],
    ['never comes to a verdict', neverDecides, 'verdict-in-time', {}],
    ['holds up the way back', failsEverything, 'way-back-free', { scenario: alarmed }],
    ['throws instead of answering', throwsInstead, 'hook-answers', {}],
    ['logs nothing', logsNothing, 'decisions-logged', {}],
  ])('that %s is caught', async (_, replace, checker, played) => {
    expect(await brokenBy(replace, played)).toContain(checker);
  });

  it('of zones is told from the real one, under which everything holds', async () => {
    expect(await brokenBy(undefined, { scenario: evenings })).toEqual([]);
  });

  it.each<readonly [string, Broken, string, Played]>([
    ['never looks at zones', watchesZonesFor(0), 'zones-told', {}],
    ['has no card for zones that need one', watchesZonesFor(0), 'grave-zones-carded', {}],
    ['tells of zones too early', hastyAboutZones, 'zone-cards-true', {}],
    ['stops looking at zones', watchesZonesFor(60), 'zone-incidents-end', {}],
    ['forgets which zones it told of', forgetsZoneCards, 'zones-told-once', { mode: 'wire' }],
    ['pages for zones', pagesForZones, 'zones-never-page', night],
    [
      'moves tasks where it may only watch',
      scalesDown('prod', 'feed', 'az-balance'),
      'zones-only-watched',
      night,
    ],
  ])('that %s is caught', async (_, replace, checker, played) => {
    expect(await brokenBy(replace, { scenario: evenings, ...played })).toContain(checker);
  });

  it('of density is told from the real one, under which everything holds', async () => {
    expect(await brokenBy(undefined, { scenario: packed })).toEqual([]);
  });

  it.each<readonly [string, Broken, string, Played]>([
    ['never looks at density', watchesDensityFor(0), 'concentrations-told', {}],
    ['says nothing of its looks', watchesDensityFor(0), 'density-looks', { days: 0.2 }],
    ['stops looking at density', watchesDensityFor(40), 'concentrations-end', { days: 0.5 }],
    ['counts every instance twice', countsTwice, 'density-metrics-true', { days: 0.2 }],
    [
      'tells of one instance too early',
      hastyAboutDensity,
      'concentration-cards-true',
      { mode: 'wire', days: 0.2 },
    ],
    ['pages for density', pagesForDensity, 'density-never-pages', { mode: 'wire', days: 0.2 }],
  ])('that %s is caught', async (_, replace, checker, played) => {
    expect(await brokenBy(replace, { scenario: packed, ...played })).toContain(checker);
  });

  it('of instances is told from the real one, under which everything holds', async () => {
    expect(await brokenBy(undefined, { scenario: day14 })).toEqual([]);
  });

  it.each<readonly [string, Broken, readonly string[]]>([
    [
      'never looks at instances',
      followsInstancesFor(0),
      [
        ...['replacements-forecast', 'harmful-replacements-told', 'stuck-drains-told'],
        ...['stuck-drains-paged', 'replacements-on-record'],
      ],
    ],
    ['stops following drains', followsInstancesFor(14 * 96 + 20), ['stuck-drains-end']],
    ['takes every drain for stuck', hastyAboutDrains, ['stuck-drains-true']],
  ])('that %s is caught', async (_, replace, checkers) => {
    const broken = await brokenBy(replace, { scenario: day14 });
    expect(checkers.filter((name) => !broken.includes(name))).toEqual([]);
  });

  it.each([guarded, lateStart, unmeasured])(
    'is told from the real ones in $name',
    async (scenario) => {
      expect(await brokenBy(undefined, { scenario, mode: 'wire' })).toEqual([]);
    },
  );

  it.each<readonly [string, Broken, string, Played]>([
    ['acts twice', actsTwice, 'writes-within-budget', { scenario: guarded }],
    ['ignores protection', ignoresProtection, 'writes-allowed', { scenario: guarded }],
    ['drops below the floor', dropsBelowTheFloor(() => world), 'floors', { scenario: guarded }],
    ['pages twice', pagesTwice, 'told-once', { scenario: lateStart, seed: 2 }],
    [
      'answers SUCCEEDED on error',
      answersSucceededOnError,
      'broken-green-never-passes',
      { scenario: unmeasured },
    ],
  ])('that %s is caught', async (_, replace, checker, played) => {
    expect(await brokenBy(replace, { mode: 'wire', ...played })).toContain(checker);
  });

  it('that writes is caught, whatever the mode', async () => {
    const replace = scalesDown('prod', 'worker');
    const inObserve = await brokenBy(replace, { scenario: observing, mode: 'wire' });
    expect(inObserve).toContain('observe-writes-nothing');
    expect(await brokenBy(replace, { mode: 'wire' })).toContain('decisions-logged');
  });
});
