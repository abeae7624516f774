import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { userPath } from '../../cli/user-path.ts';
import { runCommand, temporaryFile } from './run-command.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('takes a file from where npm was called, else from where it stands', () => {
  vi.stubEnv('INIT_CWD', tmpdir());
  expect(userPath('my.json')).toBe(path.join(tmpdir(), 'my.json'));
  expect(userPath('/elsewhere/my.json')).toBe('/elsewhere/my.json');
  vi.stubEnv('INIT_CWD', undefined);
  expect(userPath('my.json')).toBe(path.resolve('my.json'));
});

it('reads a file that lies where npm was called', async () => {
  const saved = readFileSync('test/fixtures/snapshots/seed-003.json', 'utf8');
  const file = await temporaryFile('prod.json', saved);
  vi.stubEnv('INIT_CWD', path.dirname(file));
  const { code, stderr } = await runCommand('plan', ['--snapshot', 'prod.json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

it.each([
  ['unconfirmed', ['--nope'], "Unknown option '--nope'"],
  ['bench', ['--cost', '--cost-table'], 'expected --cost or --cost-table'],
])('%s %s is refused', async (command, args, message) => {
  const { code, stdout, stderr } = await runCommand(command, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

it.each(['--help', '-h'])('%s tells how a command is called, and does nothing', async (option) => {
  const { code, stdout, stderr } = await runCommand('detect', ['--nab', 'nowhere', option]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: npm run -s detect -- --nab DIR --out DIR\n$/);
});
