import type { CollectionTag, ScalarTag, YAMLMap, YAMLSeq } from 'yaml';

/** What CloudFormation's intrinsic functions need to know of their template. */
export type Scope = {
  /** What `Ref` gives. */
  reference(id: string): unknown;
  /** What `Fn::GetAtt` gives, of `Id.Attribute`. */
  attribute(path: string): unknown;
  holds(condition: string): boolean;
  resolve(value: unknown): unknown;
};

/** The template says something that the simulation cannot carry out. */
export class UnsupportedTemplate extends Error {
  override readonly name = 'UnsupportedTemplate';
}

/** What `Fn::If` gives for `AWS::NoValue`: the property is left out. */
export const noValue = Symbol('AWS::NoValue');

export const isIntrinsic = (key: string): boolean => /^(Ref|Condition|Fn::\w+)$/.test(key);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Carries out one intrinsic function; one that is not simulated is an error. */
export function carryOut(operator: string, operand: unknown, scope: Scope): unknown {
  const run = functions[operator];
  if (run === undefined) throw new UnsupportedTemplate(`${operator} is not simulated`);
  return run(operand, scope);
}

type Intrinsic = (operand: unknown, scope: Scope) => unknown;

/** A function of values that are resolved before it sees them. */
const ofValues =
  (calculate: (items: readonly unknown[]) => unknown): Intrinsic =>
  (operand, { resolve }) =>
    calculate(listOf(resolve(operand)));

const functions: Readonly<Record<string, Intrinsic>> = {
  Ref: (operand, { reference }) => reference(String(operand)),
  // Inside a policy, `Condition` is IAM's own word and holds a map.
  Condition: (operand, { holds, resolve }) =>
    typeof operand === 'string' ? holds(operand) : { Condition: resolve(operand) },
  'Fn::GetAtt': (operand, { attribute }) =>
    attribute(Array.isArray(operand) ? operand.join('.') : String(operand)),
  'Fn::If': (operand, { holds, resolve }) => {
    const [condition, yes, no] = listOf(operand);
    return resolve(holds(String(condition)) ? yes : no);
  },
  'Fn::Sub': substitute,
  'Fn::Equals': ofValues(([a, b]) => String(a) === String(b)),
  'Fn::Not': ofValues(([value]) => value !== true),
  'Fn::And': ofValues((items) => items.every((item) => item === true)),
  'Fn::Or': ofValues((items) => items.some((item) => item === true)),
  'Fn::Join': ofValues(([separator, items]) => listOf(items).join(String(separator))),
  'Fn::Split': ofValues(([separator, text]) => String(text).split(String(separator))),
  'Fn::Select': ofValues(([at, items]) => listOf(items)[Number(at)]),
};

function substitute(operand: unknown, { reference, attribute, resolve }: Scope): string {
  const [text, values] = Array.isArray(operand) ? operand : [operand, {}];
  const own = new Map(Object.entries(Object(resolve(values))));
  return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (own.has(name)) return String(own.get(name));
    return String(name.includes('.') ? attribute(name) : reference(name));
  });
}

/** `!Ref X` is `{ Ref: 'X' }`, `!GetAtt A.B` is `{ 'Fn::GetAtt': 'A.B' }`, and so on. */
export function intrinsicTags(): (ScalarTag | CollectionTag)[] {
  const names = ['GetAtt', 'Sub', 'If', 'Join', 'Select', 'Split', 'Equals', 'Not', 'And', 'Or'];
  const all = [
    ['!Ref', 'Ref'],
    ['!Condition', 'Condition'],
    ...names.map((name) => [`!${name}`, `Fn::${name}`]),
  ];
  return all.flatMap(([tag = '', key = '']) => [
    { tag, resolve: (text: string) => ({ [key]: text }) },
    { tag, collection: 'seq', resolve: (seq: YAMLMap | YAMLSeq) => ({ [key]: seq.toJSON() }) },
  ]);
}
