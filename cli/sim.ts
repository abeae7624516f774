import { runCommand } from './misuse.ts';
import { readSimOptions, runSim, usage } from './sim-command.ts';
import { playSimJob } from './sim-play.ts';
import { playOnThreads } from './sim-workers.ts';

/** Plays a scenario of the simulated account, or many seeds of it. */
await runCommand(usage, () => {
  const options = readSimOptions(process.argv.slice(2));
  return runSim(options, {
    print: (line) => process.stdout.write(`${line}\n`),
    play: playSimJob,
    playAll: playOnThreads,
  });
});
