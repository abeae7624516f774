import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { compileEventPattern, type EventMatcher } from '../../simulator/event-pattern.ts';
import { fields, type Resource, resourcesOfType, type Template } from './template.ts';

export type EventRule = {
  readonly id: string;
  /** As EventBridge gets it: without intrinsics. */
  readonly pattern: unknown;
  readonly matches: EventMatcher;
  readonly resource: Resource;
};

/** The rules of the template, for a stack with these parameters. */
export const eventRulesOf = (
  template: Template,
  parameters: Readonly<Record<string, unknown>>,
): readonly EventRule[] =>
  resourcesOfType(template, 'AWS::Events::Rule').map((resource) => {
    const pattern = resolve(resource.properties.EventPattern, parameters);
    return { id: resource.id, pattern, matches: compileEventPattern(pattern), resource };
  });

/** Puts parameters in place of references to them; any other intrinsic is an error. */
function resolve(value: unknown, parameters: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, parameters));
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: name, ...rest } = fields(value, 'EventPattern');
  if (typeof name === 'string' && name in parameters) return parameters[name];
  return Object.fromEntries(
    Object.entries(name === undefined ? rest : value).map(([key, item]) => {
      if (/^(Ref|Fn::\w+)$/.test(key)) throw new Error(`cannot resolve ${JSON.stringify(value)}`);
      return [key, resolve(item, parameters)];
    }),
  );
}

export type SampleEvent = { readonly file: string; readonly event: unknown };

/** The sample events of a function, in the order of their names. */
export const sampleEventsOf = (functionFolder: string): readonly SampleEvent[] =>
  globSync(`events/${functionFolder}/*.json`)
    .sort()
    .map((file) => ({
      file: path.basename(file),
      event: JSON.parse(readFileSync(file, 'utf8')),
    }));
