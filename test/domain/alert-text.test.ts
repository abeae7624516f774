import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Alert } from '../../shared/domain/alert.ts';
import type { LoopFacts, RollbackFacts } from '../../shared/domain/alert-facts.ts';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { subjectCharsMax } from '../../shared/domain/alert-text/words.ts';
import type { Facts, Incident, Transition } from '../../shared/domain/incident.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { context, momentOf, type Sample, samples, transitions } from './alert-samples.ts';

const alertOf = (
  sample: Sample,
  transition: Transition,
  changes: Partial<Incident> = {},
): Alert => {
  const { incident, notice } = momentOf(sample, transition, changes);
  return renderAlert(incident, notice, context);
};
const sampleOf = (name: string): Sample => {
  const sample = samples[name];
  if (sample === undefined) throw new Error(`no sample ${name}`);
  return sample;
};
const cases = Object.entries(samples).flatMap(([name, sample]) =>
  transitions.map((transition) => [`${name}-${transition}`, sample, transition] as const),
);

/** One alert as its receivers show it. */
function shown({ subject, text, card, page }: Alert): string {
  return [
    '== subject',
    subject,
    '== mail',
    text,
    '== card',
    card.title,
    card.description,
    ...card.nextSteps.map((step, at) => `${at + 1}. ${step}`),
    `keywords: ${card.keywords.join(' ')}`,
    `summary: ${card.summary}`,
    `thread: ${card.threadId}`,
    '== page',
    ...(page === undefined
      ? ['none']
      : [`${page.state}: ${page.alarmName}`, page.reason, page.alarmDescription]),
    '',
  ].join('\n');
}

describe('the text of every kind and transition', () => {
  it.each(cases)('%s', async (name, sample, transition) => {
    await expect(shown(alertOf(sample, transition))).toMatchFileSnapshot(
      `../golden/alerts/${name}.txt`,
    );
  });
});

describe('the golden files', () => {
  it('are those of the cases, and no others', () => {
    const files = globSync('test/golden/alerts/*').map((file) => path.basename(file, '.txt'));
    expect(files.sort()).toEqual(cases.map(([name]) => name).sort());
  });

  it('show every kind, and every kind has a runbook', () => {
    const kinds = [...new Set(Object.values(samples).map(({ kind }) => kind))].sort();
    expect(kinds).toEqual(Object.keys(incidentPolicies).sort());
    const headings = readFileSync('docs/operations.md', 'utf8').match(/(?<=^## ).+$/gm);
    const others = ['Alarms on Ballast itself', 'digest-weekly'];
    expect(headings?.sort()).toEqual([...kinds, ...others].sort());
  });
});

/** What is wrong with a text, in sentences; nothing when it can be sent. */
function faultsOf({ subject, text, card, page }: Alert): readonly string[] {
  const lines = text.split('\n');
  const lead = lines.slice(0, lines.indexOf('')).join(' ');
  const everything = [subject, text, card.title, card.description, card.summary];
  const all = [...everything, ...card.nextSteps, ...card.keywords];
  const pages = page === undefined ? [] : [page.alarmName, page.alarmDescription, page.reason];
  const labels = ['Since', 'Evidence', 'Ballast', 'Next', 'Ends', 'Runbook', 'Console', 'Incident'];
  const faults: readonly (readonly [boolean, string])[] = [
    [lines.length > 25, `the mail has ${lines.length} lines`],
    [lines.some((line) => line.length > 110 && !line.includes('https://')), 'a line is too long'],
    [!lead.endsWith('.'), 'the lead does not end with a full stop'],
    [lead.split(/\s+/).length > 25, `the lead has ${lead.split(/\s+/).length} words`],
    [!/^[ -~\n]*$/.test(text) || !/^[ -~]+$/.test(subject), 'there is more than ASCII'],
    [subject.length > subjectCharsMax, `the subject has ${subject.length} characters`],
    [!/^\[(CRITICAL|WARN|INFO|RESOLVED)\] /.test(subject), 'the subject has no tag'],
    [
      !/^Mute {6}npm run -s mute -- add --table ballast --cluster prod /m.test(text),
      'there is no mute command',
    ],
    [/--hours 4$/m.test(text) === false, 'the mute has no end'],
    [card.nextSteps.length > 3, 'the card has too many steps'],
    [card.description.includes('\n') || card.title.includes('\n'), 'the card has more lines'],
    [card.keywords.some((word) => word === ''), 'a keyword is empty'],
  ];
  const labelFaults = labels.flatMap((label) => {
    const found = lines.filter((line) => line.startsWith(label.padEnd(10)));
    return found.length === 1 && (found[0] ?? '').length > 10 ? [] : [`${label}: ${found.length}`];
  });
  const words = [...all, ...pages].flatMap((part) => [
    ...(part.match(/undefined|\bnull\b|NaN|Infinity|\[object/g) ?? []),
    ...(part.match(/\d\d:\d\d:\d\d(\.\d+)?|\.\d{3}Z/g) ?? []),
    ...(part.match(/\bp(50|9\d|99\.9)\b|percentile|quantile|anomaly score/gi) ?? []),
    ...(part.match(/ {2,}(?=[a-z])|, ,|\(\)|: \.|\bof of\b| ,|(?<!\.)\.\.$/g) ?? []).filter(
      () => part !== text,
    ),
  ]);
  return [
    ...faults.flatMap(([isFault, fault]) => (isFault ? [fault] : [])),
    ...labelFaults,
    ...words,
  ];
}

describe('what every text keeps', () => {
  it.each(cases)('%s', (_, sample, transition) => {
    expect(faultsOf(alertOf(sample, transition))).toEqual([]);
  });

  it.each(cases)('%s without any fact', (_, sample, transition) => {
    const bare = { ...sample, facts: {}, later: {}, stops: [] };
    expect(faultsOf(alertOf(bare, transition))).toEqual([]);
  });

  it.each(Object.entries(samples))(
    '%s with any one fact missing, or of a wrong type',
    (_, sample) => {
      for (const transition of transitions) {
        const { facts } = momentOf(sample, transition).incident;
        for (const name of Object.keys(facts)) {
          const { [name]: _missing, ...others } = facts;
          const wrong: Facts = {
            ...facts,
            [name]: typeof facts[name] === 'string' ? Number.NaN : '',
          };
          expect([name, faultsOf(alertOf(sample, transition, { facts: others }))]).toEqual([
            name,
            [],
          ]);
          expect([name, faultsOf(alertOf(sample, transition, { facts: wrong }))]).toEqual([
            name,
            [],
          ]);
        }
      }
    },
  );

  it.each(Object.entries(samples))('%s with each fact alone', (_, sample) => {
    for (const transition of transitions) {
      const { facts } = momentOf(sample, transition).incident;
      for (const [name, value] of Object.entries(facts)) {
        const faults = faultsOf(alertOf(sample, transition, { facts: { [name]: value } }));
        expect([name, faults]).toEqual([name, []]);
      }
    }
  });

  it.each(Object.entries(samples))('%s ended by time or by a newer deployment', (_, sample) => {
    for (const resolution of ['expired', 'superseded', 'members-resolved', 'deployment-given-up']) {
      expect(faultsOf(alertOf(sample, 'resolve', { resolution }))).toEqual([]);
    }
  });
});

describe('a subject', () => {
  const worker = sampleOf('crash-loop');

  it('names severity, subject, cluster and what happens', () => {
    expect(alertOf(worker, 'escalate').subject).toBe(
      '[CRITICAL] worker in prod: crash loop, out of memory, 6 stops in 10 min, 1 of 4 running',
    );
  });

  it('has nothing but printable ASCII, whatever a name holds', () => {
    const subject = { type: 'service', name: 'Prüf–Dienst “ß”\u0007 日本' } as const;
    expect(alertOf(worker, 'open', { subject }).subject).toMatch(
      /^\[WARN\] Pruf-Dienst "ss" in prod: crash loop/,
    );
  });

  it('is cut at a word', () => {
    const subject = { type: 'service', name: `w${'o'.repeat(60)}rker` } as const;
    const text = alertOf(worker, 'open', { subject }).subject;
    expect(text.length).toBeLessThanOrEqual(subjectCharsMax);
    expect(text).toMatch(/crash loop\.\.\.$|out of\.\.\.$|out of memory\.\.\.$/);
  });

  it('is cut inside a name that is longer than all of it', () => {
    const subject = { type: 'service', name: 'w'.repeat(255) } as const;
    expect(alertOf(worker, 'open', { subject }).subject).toHaveLength(subjectCharsMax);
  });
});

describe('a text', () => {
  const worker = sampleOf('crash-loop');

  it('says the same, in whatever order the stops came', () => {
    const { occurrences } = momentOf(worker, 'open').incident;
    const turned = alertOf(worker, 'open', { occurrences: [...occurrences].reverse() });
    expect(turned).toEqual(alertOf(worker, 'open'));
  });

  it('prefers a fact of the incident to the sum of its stops', () => {
    const { text } = alertOf(worker, 'open', {
      facts: { ...worker.facts, instances: 40, zones: 2 },
    });
    expect(text).toContain('40 instances in 2 zones: not the host');
  });

  it('suspects the host only where there are enough stops', () => {
    const facts = { instance: 'i-0c41', instances: 1 };
    const few = { occurrences: [], facts };
    expect(alertOf(worker, 'open', few).text).toContain('one instance (i-0c41): suspect the host');
    expect(alertOf(worker, 'open', { ...few, count: 2 }).text).not.toContain('suspect');
  });

  it('counts from the last opening where it was opened before', () => {
    const { occurrences } = momentOf(worker, 'open').incident;
    const reopened = alertOf(worker, 'open', { boundaryMs: 1, count: 40, occurrences });
    expect(reopened.subject).toContain('worker in prod, again: crash loop, out of memory, 6 stops');
  });

  it('says who has it in hand', () => {
    const acknowledged = { by: 'anna', atMs: 1 };
    expect(alertOf(worker, 'update', { acknowledged }).text).toContain(
      'watched only; in hand: anna',
    );
  });

  it('stays urgent where it has paged, though enough tasks run by now', () => {
    for (const name of ['crash-loop', 'slow-loop', 'start-failure', 'placement-failure']) {
      const { facts } = sampleOf(name);
      const { description } = alertOf(sampleOf(name), 'escalate', { facts }).card;
      expect(description).toMatch(/^Enough tasks run just now: .* Act now\.$/);
    }
  });

  it('claims nothing about the end that nobody saw', () => {
    const { subject, text } = alertOf(worker, 'resolve', { resolution: 'expired' });
    expect(subject).toBe('[RESOLVED] worker in prod: closed, nothing happened any more');
    expect(text).toContain('nobody saw it well');
    expect(text).not.toContain('steady');
  });

  it.each([
    ['spread', 'spread over its instances again'],
    ['even-over-zones', 'no more on one instance than an even spread over its zones'],
    ['too-few-tasks', 'wants too few tasks now to be judged'],
    ['tagged-off', 'not watched any more, by its tag'],
  ])('says of a concentration that it ended by %s', (resolution, words) => {
    const { subject, text } = alertOf(sampleOf('concentration'), 'resolve', { resolution });
    expect(subject).toBe(`[RESOLVED] api in prod: ${words}`);
    expect(text).toContain(`api: ${words}. Nothing to do.`);
  });

  it('quotes what a shell would take apart', () => {
    const subject = { type: 'service', name: `a b'; rm` } as const;
    expect(alertOf(worker, 'open', { subject }).text).toContain(
      `--service 'a b'\\''; rm' --hours 4`,
    );
  });

  it('shows only the last lines of a log, cut, without control characters', () => {
    const logLines = Array.from(
      { length: 9 },
      (_, at) => `line ${at}\u001b[31m ${'x '.repeat(90)}`,
    );
    const { text } = alertOf(worker, 'open', { facts: { logLines: logLines.join('\r\n') } });
    expect(text.match(/^ {10}\| line \d/gm)).toEqual(
      [5, 6, 7, 8].map((at) => `          | line ${at}`),
    );
    expect(text).not.toContain('\u001b');
  });

  it.each([
    ['eu-central-1', 'https://console.aws.amazon.com/ecs/v2/clusters/prod/services/worker/tasks'],
    ['cn-north-1', 'https://console.amazonaws.cn/ecs/v2/clusters/prod/services/worker/tasks'],
    ['us-gov-west-1', 'https://console.amazonaws-us-gov.com/ecs/v2/clusters/prod/services/worker'],
  ])('leads to the console of %s', (region, address) => {
    const { incident, notice } = momentOf(worker, 'open');
    expect(renderAlert(incident, notice, { ...context, region }).text).toContain(address);
  });
});

describe('drains of instances of several kinds', () => {
  const sample = sampleOf('drains-stuck-ec2');
  const untilMs = Number(sample.facts.drainingUntilMs);
  it.each([
    ['ECS, which ends the first', untilMs - 3_600_000, 'ECS kills its tasks Sun 22 Nov 00:34Z'],
    ['managed draining', untilMs + 3_600_000, 'its tasks may be killed Sun 22 Nov 01:34Z'],
  ])('are told with the first of their ends: that by %s', (_, deadlineMs, end) =>
    expect(alertOf(sample, 'open', { facts: { ...sample.facts, deadlineMs } }).subject).toContain(
      end,
    ),
  );
});

describe('a card', () => {
  it('does not call the channel, whatever a person wrote', () => {
    const sample = sampleOf('break-glass');
    const facts = { ...sample.facts, by: '<!channel> @here <https://evil|x>' };
    const { title, description, summary } = alertOf(sample, 'open', { facts }).card;
    for (const text of [title, description, summary]) {
      expect(text).not.toMatch(/[<>]|@here/);
    }
  });

  it('stays in the thread of its incident', () => {
    const threads = transitions.map((each) => alertOf(sampleOf('rollback'), each).card.threadId);
    expect(new Set(threads).size).toBe(1);
  });
});

describe('a rollback after another', () => {
  it('is told by its own reason, not by the medians of the one before', () => {
    const sample = sampleOf('rollback');
    const detail = 'GET /: status is degraded, expected ok (3 times)';
    const facts = { ...sample.facts, reason: 'json-assertion', detail };
    const { subject } = alertOf(sample, 'update', { facts });
    expect(subject).toContain('json assertion');
    expect(subject).not.toContain('median');
  });
});

describe('a page', () => {
  const worker = sampleOf('crash-loop');

  it.each<readonly [Transition, 'ALARM' | 'OK' | undefined]>([
    ['open', undefined],
    ['update', undefined],
    ['escalate', 'ALARM'],
    ['resolve', 'OK'],
  ])('of what was a warning at first: %s', (transition, state) => {
    expect(alertOf(worker, transition).page?.state).toBe(state);
  });

  it('that nobody got is not closed: a digest alone has named it', () => {
    const { incident } = momentOf(worker, 'resolve');
    if (incident.told === undefined) throw new Error('it was told');
    const told = { ...incident.told, onlyInDigest: true };
    const { page, text } = alertOf(worker, 'resolve', { told });
    expect(page).toBeUndefined();
    expect(text).toBe(alertOf(worker, 'resolve').text);
  });

  it('has one name from its start to its end', () => {
    const [start, end] = [alertOf(worker, 'escalate').page, alertOf(worker, 'resolve').page];
    expect(start?.alarmName).toBe(
      'worker in prod: crash loop, out of memory (crash-loop-1k8v3q0x9zt-thv4nv)',
    );
    expect(end?.alarmName).toBe(start?.alarmName);
  });

  it('is not opened by what nobody has to act on at once', () => {
    for (const name of Object.keys(samples)) {
      const { severity, ...sample } = sampleOf(name);
      const warning = alertOf({ ...sample, severity: 'warn', later: {} }, 'open');
      expect(warning.page).toBeUndefined();
      expect(alertOf({ ...sample, severity: 'warn', later: {} }, 'resolve').page).toBeUndefined();
    }
  });

  it('keeps the lengths of a CloudWatch alarm', () => {
    const subject = { type: 'service', name: 'w'.repeat(255) } as const;
    const facts = {
      ...worker.facts,
      stopReason: 'x'.repeat(5_000),
      lastGoodRevision: 'y'.repeat(900),
    };
    const page = alertOf(worker, 'escalate', { subject, facts }).page;
    expect(page?.alarmName.length).toBeLessThanOrEqual(255);
    expect(page?.alarmName).toMatch(/ \(crash-loop-1k8v3q0x9zt-thv4nv\)$/);
    expect(page?.reason.length).toBeLessThanOrEqual(1023);
    expect(page?.alarmDescription.length).toBeLessThanOrEqual(1024);
  });
});

describe('attributes', () => {
  it('are never empty', () => {
    expect(alertOf(sampleOf('storm'), 'open').attributes).toEqual({
      severity: 'critical',
      kind: 'storm',
      cluster: 'prod',
      service: '-',
      incidentId: 'storm-1k8v3q0x9zt-thv4nv',
      transition: 'open',
    });
  });

  it('come with an id that tells a repeat', () => {
    expect(alertOf(sampleOf('storm'), 'resolve').id).toBe('storm-1k8v3q0x9zt-thv4nv#4');
  });
});

it('facts by kind are facts', () => {
  expectTypeOf<LoopFacts>().toExtend<Facts>();
  expectTypeOf<RollbackFacts>().toExtend<Facts>();
});
