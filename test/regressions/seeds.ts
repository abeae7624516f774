import type { FaultName } from '../../simulator/faults.ts';
import type { RunOptions } from '../../simulator/run.ts';

/** A seed that once broke an invariant, and what it was; it is played again with every change. */
export type Regression = {
  readonly scenario: string;
  readonly seed: number;
  readonly what: string;
  readonly options?: Partial<RunOptions>;
};

const fast = { mode: 'fast' } as const;
const inScenario =
  (scenario: string) =>
  (seed: number, what: string, options?: Regression['options']): Regression => ({
    ...{ scenario, seed, what },
    ...(options === undefined ? {} : { options }),
  });
const storm = inScenario('storm');
const pocket = inScenario('pocket');

/** Every call to AWS takes two seconds, and sweeps meet each other. */
const slow = {
  latencyMs: 2_000,
  faults: new Set<FaultName>(['overlapping-invocations']),
};
const unlogged = 'a message was logged after everything else, for which there was no time left';
const givenUp =
  'a loop stayed open for a week where the circuit breaker had given its deployment up';
const unpaged = 'the end of an incident closed a page that was still to be sent';

export const regressions: readonly Regression[] = [
  pocket(1, 'reporting a rollback had less time than a read and a write may take', slow),
  pocket(2, unlogged, slow),
  pocket(3, unlogged, slow),
  pocket(5, 'a message was out, and its time over before it was marked: it came again', slow),
  storm(2, 'floors took a host that died for a consequence of a rollback 24 minutes earlier', fast),
  storm(
    18,
    'a second deployment met the first between two steps, and served before its gate',
    fast,
  ),
  storm(34, 'a card for one instance beside zones that were uneven while two rollouts ran', fast),
  storm(45, 'a checker broke over what was right: it was mended, the run was not', fast),
  storm(117, givenUp, fast),
  storm(296, unpaged),
  storm(360, givenUp, fast),
  storm(585, unpaged),
  storm(784, `${givenUp} while an older one was still under way`, fast),
  storm(793, givenUp, fast),
  storm(830, givenUp, fast),
  storm(872, 'failed placements stayed open where their deployment had been given up', fast),
  storm(915, unpaged, fast),
  storm(
    2134743349,
    'a broken build superseded one between two steps of its traffic, and served before its gate',
    fast,
  ),
];
