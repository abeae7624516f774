import { describe, expect, it } from 'vitest';
import { Misuse } from '../../cli/misuse.ts';
import { readMuteOptions, runMute } from '../../cli/mute-command.ts';
import { createMutingStore } from '../../shared/aws/mute-store.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { accountOf, clientsOf } from '../simulator/clients.ts';
import { runCommand } from './run-command.ts';

const nowMs = Date.UTC(2026, 10, 20, 3, 4, 11, 123);
const table = tableDefinition.TableName;

/** Runs commands against one simulated table, at a time that moves by hours. */
function arrange() {
  const account = accountOf({ tables: [tableDefinition] });
  const store = createMutingStore(clientsOf(account).dynamoDb, table);
  const run = async (line: string, hoursLater = 0, reason?: string) => {
    const lines: string[] = [];
    const args = [...line.split(' '), ...(reason === undefined ? [] : ['--reason', reason])];
    const code = await runMute(readMuteOptions(args, { BALLAST_TABLE: table }), {
      store,
      nowMs: nowMs + hoursLater * 3_600_000,
      by: 'anna',
      print: (text) => lines.push(text),
      printError: (text) => lines.push(`stderr: ${text}`),
    });
    return { code, lines };
  };
  return { account, run, items: () => [...(account.tables.get(table)?.items.values() ?? [])] };
}

describe('mute', () => {
  it('takes the command that alerts show, and writes a mute that ends by itself', async () => {
    const { account, run, items } = arrange();
    const { code, lines } = await run('add --cluster prod --service worker --hours 4');
    expect(code).toBe(0);
    expect(lines[0]).toBe('muted worker in prod until Fri 20 Nov 07:04Z');
    expect(items()).toMatchObject([
      {
        pk: { S: 'MUTE#prod' },
        sk: { S: 'worker' },
        untilMs: { N: String(nowMs + 4 * 3_600_000) },
        by: { S: 'anna' },
        reason: { S: 'no reason given' },
        ttl: { N: String(Math.ceil((nowMs + 4 * 3_600_000) / 1000)) },
      },
    ]);
    expect(account.problems).toEqual([]);
  });

  it('lists what is muted, the first to end first, and ends it', async () => {
    const { run } = arrange();
    await run('add --cluster prod --hours 168', 0, 'migration weekend');
    await run('add --cluster prod --service worker --hours 0.5');
    await run('add --cluster staging');
    expect((await run('list --cluster prod')).lines).toEqual([
      'worker in prod  until Fri 20 Nov 03:34Z (30 min)  anna: no reason given',
      'all of prod  until Fri 27 Nov 03:04Z (7 d)  anna: migration weekend',
    ]);
    expect((await run('list --cluster prod --service worker')).lines).toHaveLength(1);
    expect((await run('list --cluster staging')).lines).toEqual([
      'all of staging  until Fri 20 Nov 07:04Z (4 h)  anna: no reason given',
    ]);
    expect((await run('end --cluster prod')).lines[0]).toMatch(/^ended: all of prod;/);
    expect((await run('list --cluster prod')).lines).toHaveLength(1);
  });

  it('is over when its time is', async () => {
    const { run } = arrange();
    await run('add --cluster prod --service worker --hours 4');
    expect((await run('list --cluster prod', 4)).lines).toEqual(['nothing is muted in prod']);
    expect(await run('end --cluster prod --service worker', 4)).toEqual({
      code: 0,
      lines: ['worker in prod is not muted'],
    });
  });

  it('takes ARNs for names', async () => {
    const { run } = arrange();
    const arn = 'arn:aws:ecs:eu-central-1:123456789012';
    const added = await run(
      `add --cluster ${arn}:cluster/prod --service ${arn}:service/prod/worker`,
    );
    expect(added.lines[0]).toMatch(/^muted worker in prod until/);
  });

  it('says in one line what AWS refused', async () => {
    const { account, run } = arrange();
    account.faults.push({ service: 'dynamodb', kind: 'access-denied' });
    const { code, lines } = await run('list --cluster prod');
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^stderr: aws-denied: AccessDeniedException: .*dynamodb:Query/);
  });
});

describe('misuse of mute', () => {
  it.each([
    ['', 'expected one of add, list, end'],
    ['list --cluster prod --hours 4', '--hours: expected with add only'],
    ['end --cluster prod --reason x', '--reason: expected with add only'],
    ['pause --cluster prod', 'got "pause"'],
    ['add list --cluster prod', 'got "add list"'],
    ['add', '--cluster: expected a name'],
    ['add --cluster a#b', '--cluster: expected a name'],
    ['add --cluster prod --service ', '--service: expected a name'],
    ['add --cluster prod --hours 169', '--hours: expected a number up to 168, got "169"'],
    ['add --cluster prod --hours 0', '--hours: expected'],
    ['add --cluster prod --hours 1e2', '--hours: expected'],
    ['add --cluster prod --stack ballast', 'describe-stacks --stack-name ballast'],
  ])('%s', (line, sentence) => {
    const read = () => readMuteOptions(line === '' ? [] : line.split(' '), { BALLAST_TABLE: 't' });
    expect(read).toThrow(Misuse);
    expect(read).toThrow(sentence);
  });

  it('a reason that is too long', async () => {
    const { run } = arrange();
    await expect(run('add --cluster prod', 0, 'x'.repeat(301))).rejects.toThrow(
      'within 300 characters',
    );
  });

  it('no table: exit code 2, before anything is called', async () => {
    const { code, stdout, stderr } = await runCommand('mute', ['list', '--cluster', 'prod']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^--table: expected .*\nusage: npm run -s mute -- add\|list\|end /);
  });

  it('an option that there is not: exit code 2', async () => {
    const { code, stderr } = await runCommand('mute', ['list', '--clutser', 'prod']);
    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option '--clutser'");
  });
});
