import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type LogFacts,
  logLineCharsMax,
  logLinesMax,
  readFacts,
} from '../../shared/domain/alert-facts.ts';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import type { Incident, IncidentKind } from '../../shared/domain/incident.ts';
import { factCharsMax, mergeFacts } from '../../shared/domain/incident-facts.ts';
import { folded } from '../../shared/domain/incident-fold.ts';
import { postponed, sent } from '../../shared/domain/incident-outbox.ts';
import {
  type ContainerLogging,
  loggingContainer,
  logStreamOf,
  quotedLines,
  wantsLines,
} from '../../shared/domain/log-lines.ts';
import { redacted } from '../../shared/domain/redaction.ts';
import { classifyStop } from '../../shared/domain/stop-classification.ts';
import { at, createPlay, keyOf, openIncident, seedOf, stop } from '../support/incidents.ts';
import { stoppedTask } from '../support/stopped-tasks.ts';
import { context, momentOf, samples } from './alert-samples.ts';

const taskArn = 'arn:aws:ecs:eu-central-1:123456789012:task/prod/0f1e2d3c4b5a';
const app: ContainerLogging = {
  container: 'app',
  driver: 'awslogs',
  group: '/ecs/prod/worker',
  region: 'eu-central-1',
  streamPrefix: 'ecs',
};
const streamOf = (changes: Partial<ContainerLogging>, prefix = '/ecs/prod/') =>
  logStreamOf([{ ...app, ...changes }], 'app', { taskArn, createdAtMs: 7 }, prefix);

describe('the stream of a container', () => {
  const stream = {
    kind: 'stream',
    group: '/ecs/prod/worker',
    stream: 'ecs/app/0f1e2d3c4b5a',
    sinceMs: 7,
  };

  it.each<readonly [string, Partial<ContainerLogging>]>([
    ['as the awslogs driver names it', {}],
    ['in its own Region, if none is named', { region: undefined }],
  ])('is found %s', (_, changes) => expect(streamOf(changes)).toEqual(stream));

  it.each<readonly [string, Partial<ContainerLogging>, string, string]>([
    ['container-not-defined', { container: 'api' }, '/ecs/', 'no container app'],
    ['log-driver-not-read', { driver: 'awsfirelens' }, '/ecs/', 'app logs by awsfirelens'],
    ['log-driver-not-read', { driver: undefined }, '/ecs/', 'by the default driver'],
    ['log-stream-unnamed', { streamPrefix: undefined }, '/ecs/', 'awslogs-stream-prefix'],
    ['log-stream-unnamed', { group: undefined }, '/ecs/', 'awslogs-group'],
    ['log-group-not-allowed', {}, '/ecs/stage/', '/ecs/prod/worker does not begin with'],
    ['log-group-not-allowed', {}, 'ecs', 'does not begin with "ecs"'],
    ['log-group-not-allowed', {}, '', 'does not begin with ""'],
    ['log-group-elsewhere', { region: 'eu-west-1' }, '/ecs/', 'is in eu-west-1'],
  ])('is none: %s', (reason, changes, prefix, detail) => {
    expect(streamOf(changes, prefix)).toEqual({
      kind: 'none',
      reason,
      detail: expect.stringContaining(detail),
    });
  });
});

describe('a container has lines', () => {
  const containerOf = (changes: Parameters<typeof stoppedTask>[0]) =>
    loggingContainer(classifyStop(stoppedTask(changes)));
  const one = { reason: undefined, image: undefined };

  it('if it is the one to blame', () => {
    const containers = [{ ...one, name: 'app', exitCode: 1 }];
    expect(containerOf({ stopCode: 'EssentialContainerExited', containers })).toBe('app');
  });

  it('not if it never ran', () => {
    const reason = 'CannotPullContainerError: not found';
    expect(
      containerOf({
        stopCode: 'TaskFailedToStart',
        stoppedReason: reason,
        startedAtMs: undefined,
        containers: [{ ...one, name: 'app', exitCode: undefined, reason }],
      }),
    ).toBeUndefined();
  });
});

describe('an incident wants lines', () => {
  const { outbox } = openIncident();
  const told = (incident: Incident): Incident => {
    const [notice] = incident.outbox;
    if (notice === undefined) throw new Error('there is nothing to tell');
    return sent(incident, notice, incident, at(8));
  };
  const noted = (incident: Incident, minutes: number): Incident => ({
    ...incident,
    facts: { ...incident.facts, logLines: 'x' },
    factTimes: { ...incident.factTimes, logLines: at(minutes) },
  });

  it.each<readonly [IncidentKind, boolean]>([
    ['crash-loop', true],
    ['slow-loop', true],
    ['start-failure', true],
    ['unknown-stop', false],
    ['placement-failure', false],
  ])('of the kind %s: %s', (kind, isWanted) => {
    expect(wantsLines(openIncident(keyOf({ kind })))).toBe(isWanted);
  });

  it.each<readonly [string, Incident]>([
    ['that was told', told(openIncident())],
    ['that has them', noted(openIncident(), 2)],
    ['that is folded into a storm', folded(openIncident(), 'storm', at(3))],
    ['that is muted', postponed(openIncident(), outbox[0]?.sequence ?? 0, 'mute', at(99), at(3))],
    ['that only counts so far', { ...openIncident(), status: 'watching', outbox: [] }],
  ])('but not one %s', (_, incident) => expect(wantsLines(incident)).toBe(false));

  it('again when it opens again', () => {
    const play = createPlay();
    play.see(2, stop('a', 0), stop('b', 1), stop('c', 2));
    play.change((current) => told(noted(current, 2)));
    play.see(20, { type: 'well', atMs: at(20), reason: 'steady' });
    play.see(40, { type: 'well', atMs: at(40), reason: 'steady' });
    play.change(told);
    expect(wantsLines(play.now())).toBe(false);
    play.see(50, stop('d', 48), stop('e', 49), stop('f', 50));
    expect(wantsLines(play.now())).toBe(true);
    play.see(50, { type: 'noted', atMs: at(50), facts: { logLines: 'y' } });
    expect(wantsLines(play.now())).toBe(false);
  });
});

describe('what is quoted', () => {
  it.each<readonly [string, readonly string[], string | undefined]>([
    ['the last lines, newest last', ['1', '2', '3', '4', '5'], '2\n3\n4\n5'],
    ['lines of one message', ['1\r\n2', '3\n4\n'], '1\n2\n3\n4'],
    ['no blank lines', ['a', '', ' \t', 'b'], 'a\nb'],
    ['no colours', ['\u001b[31mERROR\u001b[0m boom'], 'ERROR boom'],
    ['no secrets', ['token=abc', 'boom'], 'token=***\nboom'],
    ['no secrets between colours', ['\u001b[36mtoken=\u001b[0mabc'], 'token=***'],
    ['no secrets between signs that show nothing', ['pass\u200bword=\u00adabc'], 'password=***'],
    ['a private key as one line', ['-----BEGIN PRIVATE KEY-----', 'x', 'y'], '***'],
    ['nothing of nothing', ['', ' '], undefined],
    ['nothing of no message', [], undefined],
  ])('%s', (_, messages, expected) => expect(quotedLines(messages)).toBe(expected));

  it('of four long lines is the last three, each as a whole', () => {
    const line = (sign: string): string => `${sign} `.repeat(logLineCharsMax / 2).trim();
    const lines = [...'abcd'].map(line);
    expect(quotedLines(lines)).toBe(lines.slice(1).join('\n'));
    expect(quotedLines(['x y '.repeat(100)])).toMatch(/^(x y )+x( y)?\.\.\.$/);
  });

  it('survives the bounds of facts, and stands in the mail as it is', () => {
    const message = fc.string({ maxLength: 400, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
        const logLines = quotedLines(messages);
        if (logLines === undefined) return;
        const lines = logLines.split('\n');
        expect(logLines.length).toBeLessThanOrEqual(factCharsMax);
        expect(lines.length).toBeLessThanOrEqual(logLinesMax);
        const { facts } = mergeFacts({ facts: {}, times: {} }, { logLines }, 1);
        expect(facts.logLines).toBe(logLines);
        const read = readFacts<LogFacts>(facts).lines('logLines');
        expect(read).toHaveLength(lines.length);
        const sample = samples['crash-loop'];
        if (sample === undefined) throw new Error('no sample');
        const { incident, notice } = momentOf({ ...sample, facts }, 'open');
        const mail = renderAlert(incident, notice, context).text.split('\n');
        expect(mail.filter((line) => /^ {10}\| /.test(line))).toEqual(
          read.map((line) => `          | ${line}`),
        );
      }),
      { numRuns: 300, ...seedOf() },
    );
  });

  it('holds no secret that the last messages held', () => {
    const secret = 'password=hunter2-hunter2';
    const noise = fc.constantFrom('INFO loading', '', '\u001b[32mok', 'a b c '.repeat(40));
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 6 }), fc.array(noise, { maxLength: 6 }), (a, b) => {
        const quoted = quotedLines([...a, `${a.join(' ')} ${secret}`, ...b]) ?? '';
        expect(quoted).not.toContain('hunter2');
        expect(redacted(quoted)).toBe(quoted);
      }),
      { numRuns: 300, ...seedOf() },
    );
  });
});
