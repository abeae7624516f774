import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readDetectOptions, runDetect, usage } from './detect-command.ts';
import { runCommand } from './misuse.ts';
import { userPath } from './user-path.ts';

/** Scores a NAB-shaped folder with the detector of the density function. */
await runCommand(usage, async () =>
  runDetect(readDetectOptions(process.argv.slice(2)), {
    readText: (file) => readFileSync(userPath(file), 'utf8'),
    writeText: (file, text) => {
      const place = userPath(file);
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, text);
    },
    print: (line) => process.stdout.write(`${line}\n`),
  }),
);
