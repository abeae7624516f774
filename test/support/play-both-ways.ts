import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { scenarios } from '../../simulator/scenarios/index.ts';
import { doneIn, playedIn } from './both-ways.ts';
import { pocket } from './pocket.ts';

/**
 * Plays a scenario over the wire and in fast mode with the seeds FROM to TO, and compares what Ballast
 * decided, wrote and said. Prints a line for each seed that differs and a count at the end; exits with 1
 * where one does.
 *
 *     node test/support/play-both-ways.ts SCENARIO FROM TO [--days N]
 */
const { values, positionals } = parseArgs({
  options: { days: { type: 'string' } },
  allowPositionals: true,
});
const [name = '', from = '', to = ''] = positionals;
const scenario = name === pocket.name ? pocket : scenarios.get(name);
const [first, last, days] = [Number(from), Number(to), Number(values.days ?? scenario?.days)];
assert(scenario !== undefined, `SCENARIO: expected ${pocket.name} or one of the simulator's`);
assert(Number.isSafeInteger(first) && Number.isSafeInteger(last), 'FROM and TO: expected seeds');
assert(days > 0, '--days: expected a number above 0');

let same = 0;
let done = 0;
for (let seed = first; seed <= last; seed += 1) {
  const fast = doneIn(await playedIn(scenario, 'fast', [seed, days]));
  const wire = doneIn(await playedIn(scenario, 'wire', [seed, days]));
  done += fast.decisions.length + fast.alerts.length + fast.writes.length + fast.answers.length;
  try {
    assert.deepEqual(fast, wire);
    same += 1;
  } catch (error) {
    if (!(error instanceof assert.AssertionError)) throw error;
    process.stdout.write(`${name} ${seed} differs\n${error.message}\n`);
    process.exitCode = 1;
  }
}
process.stdout.write(
  `${name}: ${same} of ${last - first + 1} seeds alike (${done} decisions, alerts, writes and answers)\n`,
);
