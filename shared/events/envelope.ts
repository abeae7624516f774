import * as v from 'valibot';
import { optionalText, text, texts, timeMs } from './fields.ts';
import { MalformedInput } from './malformed.ts';
import { firstProblem } from './problem.ts';

/** What EventBridge wraps around every event. */
export type Envelope = {
  readonly id: string;
  readonly source: string;
  readonly detailType: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly atMs: number;
  readonly resources: readonly string[];
};

const headSchema = v.object({ source: text, 'detail-type': text });

const envelopeEntries = {
  id: text,
  source: text,
  'detail-type': text,
  account: optionalText,
  region: optionalText,
  time: timeMs,
  resources: texts,
};

/** Reads only what tells whose event it is, so that what is not for us need not be well-formed. */
export function parseHead(value: unknown): {
  readonly source: string;
  readonly detailType: string;
} {
  const head = parse(headSchema, value);
  return { source: head.source, detailType: head['detail-type'] };
}

const eventNameSchema = v.object({
  detail: v.object({ eventType: optionalText, eventName: text }),
});

/** Reads only what an event says has happened: some that nobody follows are about no service. */
export const parseEventName = (value: unknown) => parse(eventNameSchema, value).detail;

/** Reads one part of an event. Throws {@link MalformedInput} naming the first field that is wrong. */
export function parse<Output>(schema: v.GenericSchema<unknown, Output>, value: unknown): Output {
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) throw new MalformedInput(firstProblem('event', parsed.issues));
  return parsed.output;
}

/** Reads the envelope and a detail of the given fields. Unknown fields are dropped. */
export function parseEvent<Entries extends v.ObjectEntries>(
  detail: v.ObjectSchema<Entries, undefined>,
  value: unknown,
): {
  readonly envelope: Envelope;
  readonly detail: v.InferOutput<v.ObjectSchema<Entries, undefined>>;
} {
  const { 'detail-type': detailType, time, ...rest } = parse(v.object(envelopeEntries), value);
  const body = parse(v.object({ detail }), value);
  return { envelope: { ...rest, detailType, atMs: time }, detail: body.detail };
}
