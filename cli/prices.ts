import { readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../shared/runtime/clock.ts';
import { runCommand } from './misuse.ts';
import { readPricesOptions, runPrices, tableFile, usage } from './prices-command.ts';
import { userPath } from './user-path.ts';

/** Makes the price table, or reads the prices of one Region with ordinary AWS credentials. */
await runCommand(usage, () =>
  runPrices(readPricesOptions(process.argv.slice(2)), {
    openGateway: async () => {
      const { openPriceGateway, pricingSettings } = await import('../shared/aws/price-gateway.ts');
      return openPriceGateway(pricingSettings);
    },
    readText: (file) => readFileSync(userPath(file), 'utf8'),
    writeText: (file, text) => writeFileSync(file === tableFile ? file : userPath(file), text),
    print: (line) => process.stdout.write(`${line}\n`),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
    },
    today: new Date(systemClock.nowMs()).toISOString().slice(0, 'YYYY-MM-DD'.length),
  }),
);
