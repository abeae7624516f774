import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expressionCharsMax,
  mentionsZone,
  type PlacementFacts,
  readConstraints,
  readExpression,
} from '../../shared/domain/placement-constraint.ts';
import { seedOf } from '../support/incidents.ts';

const facts: PlacementFacts = {
  attributes: {
    'ecs.availability-zone': 'us-east-1a',
    'ecs.instance-type': 'm5.large',
    'ecs.cpu-architecture': 'x86_64',
    stack: 'prod',
    team: 'web team',
    empty: '',
  },
  areAttributesComplete: true,
  ec2InstanceId: 'i-abcd1234',
  groups: new Set(['service:production', 'family:report']),
};
const ask = (text: string, given: Partial<PlacementFacts> = {}): string =>
  readExpression(text)({ ...facts, ...given });

describe('readExpression', () => {
  it.each([
    // The examples of the developer guide.
    ['attribute:ecs.instance-type == t2.small', 'no'],
    ['attribute:ecs.availability-zone in [us-east-1a, us-east-1b]', 'yes'],
    ['attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d', 'no'],
    ['task:group == service:production', 'yes'],
    ['not(task:group == database)', 'yes'],
    ["ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", 'yes'],
    // Each operator in both spellings.
    ['attribute:stack == prod', 'yes'],
    ['attribute:stack equals prod', 'yes'],
    ['attribute:stack==prod', 'yes'],
    ['attribute:stack != prod', 'no'],
    ['attribute:stack not_equals test', 'yes'],
    ['attribute:stack !in [test, stage]', 'yes'],
    ['attribute:stack not_in [prod]', 'no'],
    ['attribute:stack =~ pr.*', 'yes'],
    ['attribute:stack matches pr.*', 'yes'],
    ['attribute:stack !~ pr.*', 'no'],
    ['attribute:stack not_matches te.*', 'yes'],
    ['attribute:stack exists', 'yes'],
    ['attribute:stack !exists', 'no'],
    ['attribute:stack not_exists', 'no'],
    ['attribute:gpu exists', 'no'],
    ['attribute:gpu !exists', 'yes'],
    ['attribute:empty exists', 'yes'],
    ["attribute:team == 'web team'", 'yes'],
    ['attribute:team == "web team"', 'yes'],
    ['ec2InstanceId == i-abcd1234', 'yes'],
    ['ec2InstanceId =~ i-ab.*', 'yes'],
    // Joined.
    ['attribute:stack == prod && attribute:ecs.cpu-architecture == x86_64', 'yes'],
    ['attribute:stack == test || attribute:ecs.cpu-architecture == x86_64', 'yes'],
    // Which of the two binds closer is not documented.
    ['attribute:stack == prod or attribute:stack == test and attribute:gpu exists', 'unknown'],
    ['attribute:stack == test or attribute:stack == prod and attribute:stack exists', 'yes'],
    ['attribute:gpu exists and attribute:stack == prod or attribute:stack == test', 'no'],
    ['attribute:gpu exists and attribute:stack == test or attribute:stack == prod', 'yes'],
    ['attribute:stack == prod or (attribute:stack == test and attribute:gpu exists)', 'yes'],
    ['(attribute:stack == prod or attribute:stack == test) and attribute:gpu exists', 'no'],
    ['!(attribute:stack == test)', 'yes'],
    ['not not attribute:stack == prod', 'yes'],
    ['(attribute:ecs.instance-type =~ m5.*)', 'yes'],
    [
      '(attribute:ecs.instance-type =~ (m5|c5)\\.(large|xlarge)) and attribute:stack == prod',
      'yes',
    ],
    ["attribute:ecs.instance-type =~ '(m5|c5).*' or attribute:gpu exists", 'yes'],
    ['  attribute:stack   ==\nprod  ', 'yes'],
    // An absent attribute is not equal to anything; whether it is unequal is not documented.
    ['attribute:gpu == true', 'no'],
    ['attribute:gpu in [true]', 'no'],
    ['attribute:gpu =~ .*', 'no'],
    ['attribute:gpu != true', 'unknown'],
    ['attribute:gpu not_in [true]', 'unknown'],
    ['attribute:gpu !~ t.*', 'unknown'],
    ['not(attribute:gpu == true)', 'yes'],
    // What a snapshot does not hold, or a matcher does not read, stays open only where it matters.
    ['agentVersion < 1.14.5', 'unknown'],
    ['runningTasksCount == 1', 'unknown'],
    ['registeredAt < 2018-02-13T22:28:28+00:00', 'unknown'],
    ['agentConnected == true and attribute:stack == test', 'no'],
    ['agentConnected == true or attribute:stack == prod', 'yes'],
    ['attribute:stack > a', 'unknown'],
    ['attribute:stack =~ p{1}rod', 'unknown'],
    ['attribute:stack =~ pro', 'unknown'],
    ['task:group != database', 'unknown'],
    ['task:group =~ service:.*', 'yes'],
    ['task:group in [a, family:report]', 'yes'],
    ['task:group exists', 'unknown'],
    // An attribute's name may be that of something every object has.
    ['attribute:constructor exists', 'no'],
    ['attribute:stack constructor prod', 'unknown'],
  ])('%s: %s', (text, expected) => expect(ask(text)).toBe(expected));

  it.each([
    '',
    'attribute:stack',
    'attribute:stack ==',
    'attribute:stack = prod',
    'attribute:stack is prod',
    'attribute:stack == prod extra',
    'attribute:stack == prod and',
    'and attribute:stack == prod',
    '(attribute:stack == prod',
    'attribute:stack == prod)',
    'attribute:stack in prod',
    'attribute:stack in [prod',
    'attribute:stack in []',
    "attribute:stack == 'prod",
    'attribute:stack =~',
    'attribute:stack == prod AND attribute:stack == prod',
    '()',
    'not',
    `${'('.repeat(100)}attribute:stack == prod${')'.repeat(100)}`,
    `${'not '.repeat(100)}attribute:stack == prod`,
  ])('is open where it cannot read: %s', (text) => expect(ask(text)).toBe('unknown'));

  it('reads no more than ECS takes', () => {
    const longest = `attribute:stack == ${'a'.repeat(expressionCharsMax)}`;
    expect(ask(longest.slice(0, expressionCharsMax))).toBe('no');
    expect(ask(longest.slice(0, expressionCharsMax + 1))).toBe('unknown');
  });

  it('leaves open what is not known of an instance to be launched', () => {
    const launched = { areAttributesComplete: false, ec2InstanceId: undefined, groups: undefined };
    expect(ask('attribute:stack == prod', launched)).toBe('yes');
    expect(ask('attribute:stack == test', launched)).toBe('no');
    expect(ask('attribute:gpu exists', launched)).toBe('unknown');
    expect(ask('ec2InstanceId == i-1', launched)).toBe('unknown');
    expect(ask('task:group == a', launched)).toBe('unknown');
  });

  it('keeps to a number of steps for any text', () => {
    const piece = fc.constantFrom(
      ...['attribute:a', '==', '=~', 'in', '[', ']', '(', ')', 'not', '!', 'and', '||', ',', "'"],
      ...['x', '.*', '(a|b)*', '\\', ' '],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.string(), (pieces, noise) => {
        for (const text of [pieces.join(' '), pieces.join(''), noise]) {
          expect(['yes', 'no', 'unknown']).toContain(ask(text));
        }
      }),
      { numRuns: 2_000, ...seedOf() },
    );
  });

  it('never says more of a half-known instance than holds for every way to know it', () => {
    const term = fc
      .tuple(
        fc.constantFrom('attribute:a', 'attribute:b', 'task:group', 'ec2InstanceId'),
        fc.constantFrom('==', '!=', 'in [x,', 'exists', '!exists', '=~'),
        fc.constantFrom('x', 'y'),
      )
      .map(([subject, operator, value]) => {
        if (operator.endsWith('exists')) return `${subject} ${operator}`;
        return `${subject} ${operator} ${value}${operator.includes('[') ? ']' : ''}`;
      });
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { depthSize: 'small' },
        term,
        tie('expression').map((inner) => `not (${inner})`),
        fc
          .tuple(tie('expression'), fc.constantFrom('and', 'or'), tie('expression'))
          .map(([a, joint, b]) => `(${a}) ${joint} (${b})`),
      ),
    }));
    const value = fc.constantFrom('x', 'y', undefined);
    fc.assert(
      fc.property(expression, value, value, (text, a, b) => {
        const known = (name: string, given: string | undefined) =>
          given === undefined ? {} : { [name]: given };
        const half = ask(text, {
          attributes: known('a', a),
          areAttributesComplete: false,
          ec2InstanceId: undefined,
          groups: undefined,
        });
        const whole = ask(text, {
          attributes: { ...known('a', a), ...known('b', b) },
          ec2InstanceId: 'x',
          groups: new Set(['x', 'z']),
          areAttributesComplete: a !== undefined,
        });
        if (half !== 'unknown' && whole !== 'unknown') expect(whole).toBe(half);
      }),
      { numRuns: 1_000, ...seedOf() },
    );
  });
});

describe('readConstraints', () => {
  const memberOf = (expression: string | undefined) => ({ type: 'memberOf', expression });

  it('asks every constraint', () => {
    const allows = (...texts: readonly string[]) =>
      readConstraints(texts.map(memberOf)).allows(facts);
    expect(allows()).toBe('yes');
    expect(allows('attribute:stack == prod', 'attribute:ecs.cpu-architecture == x86_64')).toBe(
      'yes',
    );
    expect(allows('attribute:stack == prod', 'attribute:stack == test')).toBe('no');
    expect(allows('agentVersion > 1', 'attribute:stack == test')).toBe('no');
    expect(allows('agentVersion > 1', 'attribute:stack == prod')).toBe('unknown');
  });

  it('knows distinctInstance, which has no expression', () => {
    const distinct = readConstraints([{ type: 'distinctInstance', expression: undefined }]);
    expect(distinct.isDistinct).toBe(true);
    expect(distinct.allows(facts)).toBe('yes');
    expect(readConstraints([memberOf('attribute:a exists')]).isDistinct).toBe(false);
  });

  it('is open about a type that is not documented, and about memberOf without an expression', () => {
    const near = { type: 'near', expression: 'attribute:stack == prod' };
    expect(readConstraints([near]).allows(facts)).toBe('unknown');
    expect(readConstraints([memberOf(undefined)]).allows(facts)).toBe('unknown');
  });

  it('says whether the tasks on an instance matter', () => {
    expect(readConstraints([memberOf('task:group == a')]).readsGroups).toBe(true);
    expect(readConstraints([memberOf('attribute:a == b')]).readsGroups).toBe(false);
  });
});

describe('mentionsZone', () => {
  it.each([
    ['attribute:ecs.availability-zone == us-east-1a', true],
    ['attribute:stack == a or (not attribute:ecs.availability-zone in [a])', true],
    ['nonsense ( attribute:ecs.availability-zone', true],
    ['attribute:ecs.availability-zone=~a', true],
    ['attribute:ecs.availability-zone-id == use1-az1', false],
    ['attribute:ecs.instance-type == m5.large', false],
    [undefined, false],
  ])('%s: %s', (expression, expected) => {
    expect(mentionsZone([{ type: 'memberOf', expression }])).toBe(expected);
  });

  it('of no constraint is false', () => expect(mentionsZone([])).toBe(false));
});
