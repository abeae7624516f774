import { promptClientSettings } from '../shared/aws/clients.ts';
import { openMutingStore } from '../shared/aws/mute-store.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { runCommand } from './misuse.ts';
import { readMuteOptions, runMute, usage } from './mute-command.ts';

/** Mutes in the table of a deployed stack, with ordinary AWS credentials. */
await runCommand(usage, () => {
  const options = readMuteOptions(process.argv.slice(2), process.env);
  return runMute(options, {
    store: openMutingStore(promptClientSettings, options.table),
    nowMs: systemClock.nowMs(),
    by: process.env.USER ?? process.env.LOGNAME ?? 'somebody',
    print: (line) => process.stdout.write(`${line}\n`),
    printError: (line) => process.stderr.write(`${line}\n`),
  });
});
