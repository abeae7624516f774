import { expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

it.each(['--help', '-h'])('%s tells how a command is called, and does nothing', async (option) => {
  const { code, stdout, stderr } = await runCommand('detect', ['--nab', 'nowhere', option]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: npm run -s detect -- --nab DIR --out DIR\n$/);
});
