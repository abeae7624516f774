import { describe, expect, it } from 'vitest';
import { renderDigest } from '../../shared/domain/alert-text/digest.ts';
import { digestOf, isEmptyDigest } from '../../shared/domain/digest.ts';
import type { Incident, Occurrence, Severity } from '../../shared/domain/incident.ts';
import { wouldHaveOf } from '../../shared/domain/would-have.ts';
import { at, hourMs, openIncident, serviceKey } from '../support/incidents.ts';

const period = { fromMs: at(0), toMs: at(0) + 24 * hourMs };

const seen = (hours: number, mode: string, reason = 'latency-regression'): Occurrence => ({
  id: `${hours}/POST_TEST_TRAFFIC_SHIFT`,
  atMs: at(0) + hours * hourMs,
  facts: { mode, reason },
});

const rollback = (
  occurrences: readonly Occurrence[],
  service = 'web',
  severity: Severity = 'info',
  kind: Incident['kind'] = 'rollback',
): Incident => ({
  ...openIncident(serviceKey(service, { kind, cause: 'rollback', deploymentId: undefined })),
  status: 'resolved',
  resolvedAtMs: at(10),
  severity,
  occurrences,
});

const moved = (hours: number, moves: number): Occurrence => ({
  id: `${hours}/search`,
  atMs: at(0) + hours * hourMs,
  facts: { mode: 'observe', reason: 'surge-move', moves },
});
const zones = (occurrences: readonly Occurrence[]): Incident =>
  rollback(occurrences, 'search', 'warn', 'zone-imbalance');

const linesOf = (...incidents: readonly Incident[]): readonly string[] =>
  wouldHaveOf(incidents, period).map(
    ({ action, subject, reason, count }) => `${action} ${subject.name} ${reason} x${count}`,
  );

describe('wouldHaveOf', () => {
  it.each<readonly [string, readonly Incident[], readonly string[]]>([
    [
      'two of one reason',
      [rollback([seen(1, 'observe'), seen(2, 'observe')])],
      ['rolled back web latency-regression x2'],
    ],
    [
      'each reason by itself, the most frequent first',
      [rollback([seen(1, 'observe', 'check-failed'), seen(2, 'observe'), seen(3, 'observe')])],
      ['rolled back web latency-regression x2', 'rolled back web check-failed x1'],
    ],
    ['the end of the period belongs to the next', [rollback([seen(24, 'observe')])], []],
    [
      'its start belongs to it',
      [rollback([seen(0, 'observe')])],
      ['rolled back web latency-regression x1'],
    ],
    ['what happened before it was told before', [rollback([seen(-1, 'observe')])], []],
    ['a real rollback is none', [rollback([seen(1, 'enforce')], 'web', 'warn')], []],
    [
      'one that only ECS tells of is none',
      [rollback([{ id: 'e', atMs: at(1) }], 'web', 'warn')],
      [],
    ],
    [
      'a configuration that would have failed the deployment',
      [rollback([seen(1, 'observe', 'invalid-hook-details')], 'web', 'info', 'gate-misconfigured')],
      ['rolled back web invalid-hook-details x1'],
    ],
    [
      'a gate that had to wait would have rolled nothing back',
      [rollback([seen(1, 'observe')], 'web', 'info', 'gate-could-not-measure')],
      [],
    ],
    [
      'moves of a zone, summed',
      [zones([moved(1, 3), moved(2, 4), seen(3, 'none')])],
      ['moved 7 tasks of search surge-move x2'],
    ],
    ['one move', [zones([moved(1, 1)])], ['moved 1 task of search surge-move x1']],
    [
      'a setting that would have been enabled',
      [zones([seen(1, 'observe', 'enable-native-rebalancing')])],
      ['enabled the rebalancing of search enable-native-rebalancing x1'],
    ],
    [
      'services in the order of their names',
      [rollback([seen(1, 'observe')], 'web'), rollback([seen(1, 'observe')], 'api')],
      ['rolled back api latency-regression x1', 'rolled back web latency-regression x1'],
    ],
  ])('%s', (_, incidents, expected) => {
    expect(linesOf(...incidents)).toEqual(expected);
  });
});

describe('a digest of what was only watched', () => {
  const digest = (...incidents: readonly Incident[]) =>
    digestOf({
      ...{ kind: 'daily', cluster: 'prod', id: 'daily#prod#1', atMs: period.toMs, incidents },
      wouldHave: wouldHaveOf(incidents, period),
    });

  it('says what would have been done, and lists no rollback that never was', () => {
    const { text, subject } = renderDigest(
      digest(rollback([seen(1, 'observe'), seen(2, 'observe')])),
      {
        formatTime: () => '-',
        region: 'eu-central-1',
        runbookBase: 'docs/operations.md',
        muteCommand: 'npm run -s mute -- add',
      },
    );
    expect(subject).toBe('[INFO] prod: daily digest, 0 open, 0 resolved');
    expect(text).toBe(
      'Nothing is open.\n\nWould have  rolled back web: latency regression, 2 times',
    );
  });

  it('lists a rollback that was real beside it', () => {
    const { resolved, wouldHave } = digest(
      rollback([seen(1, 'observe'), seen(2, 'enforce')], 'web', 'warn'),
    );
    expect(resolved.shown).toHaveLength(1);
    expect(wouldHave.shown).toMatchObject([{ count: 1 }]);
  });

  it('is empty for another cluster', () => {
    const elsewhere = { ...rollback([seen(1, 'observe')]), cluster: 'stage' };
    expect(isEmptyDigest(digest(elsewhere))).toBe(true);
  });
});
