import type { ServiceName } from '../account.ts';
import { type ServiceError, UnsupportedRequest } from './errors.ts';
import type { Input } from './operation.ts';

/** The parts of a Smithy HttpRequest that the simulation reads. */
export type WireRequest = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** The parts of a Smithy HttpResponse that a client reads. */
export type WireResponse = {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
};

/** How a service writes its messages. */
export type Protocol = {
  readonly service: ServiceName;
  readonly version: '1.0' | '1.1' | 'query' | 'ec2';
  /** JSON that names errors also as the service's older query protocol did. */
  readonly isQueryCompatible?: boolean;
  /** Of the XML root element. */
  readonly namespace?: string;
};

/** A request whose service and operation are known. */
export type Recognised = {
  readonly protocol: Protocol;
  readonly operation: string;
  readonly input: Input;
  readonly region: string;
};

const jsonTargets: Readonly<Record<string, Protocol>> = {
  AmazonEC2ContainerServiceV20141113: { service: 'ecs', version: '1.1' },
  AmazonSSM: { service: 'ssm', version: '1.1' },
  secretsmanager: { service: 'secretsmanager', version: '1.1' },
  Logs_20140328: { service: 'logs', version: '1.1' },
  DynamoDB_20120810: { service: 'dynamodb', version: '1.0' },
  AnyScaleFrontendService: { service: 'application-autoscaling', version: '1.1' },
  GraniteServiceVersion20100801: {
    service: 'cloudwatch',
    version: '1.0',
    isQueryCompatible: true,
  },
};

/** By signing name: an `Action` alone does not say whose it is. */
const queryServices: Readonly<Record<string, Protocol>> = {
  elasticloadbalancing: {
    service: 'elasticloadbalancing',
    version: 'query',
    namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
  },
  sns: {
    service: 'sns',
    version: 'query',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
  },
  ec2: {
    service: 'ec2',
    version: 'ec2',
    namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  },
};

/** Whether a service speaks in forms and XML; EC2 does so in a way of its own. */
export const isXml = ({ version }: Protocol): boolean => version === 'query' || version === 'ec2';

/** Reads service, operation and input of a request; throws when the service is not simulated. */
export function recognise(request: WireRequest): Recognised {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const body = bodyOf(request.body);
  const [, region = '', signingName = ''] =
    /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];

  const target = headers['x-amz-target'];
  if (target !== undefined) {
    const [prefix = '', operation = ''] = target.split('.');
    const protocol = jsonTargets[prefix];
    if (protocol === undefined) throw new UnsupportedRequest(`the service ${prefix}`);
    return { protocol, operation, region, input: JSON.parse(body === '' ? '{}' : body) };
  }
  const protocol = queryServices[signingName];
  if (protocol === undefined) throw new UnsupportedRequest(`the service ${signingName}`);
  const {
    Action: operation = '',
    Version: _,
    ...members
  } = Object.fromEntries(new URLSearchParams(body));
  return { protocol, operation, region, input: nest(members, protocol) };
}

function bodyOf(body: unknown): string {
  if (body === undefined || body === null) return '';
  if (typeof body === 'string') return body;
  // The SDK's body warns when anything touches its `toString` or `valueOf`, as Buffer.from does.
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  throw new UnsupportedRequest('streaming request bodies');
}

type Nested = { [name: string]: string | Nested };

/** Turns `A.member.1.B=x` into `{ A: [{ B: 'x' }] }`; EC2 writes that `A.1.B=x`. */
function nest(members: Readonly<Record<string, string>>, protocol: Protocol): Input {
  const root: Nested = {};
  for (const [path, value] of Object.entries(members)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let parent = root;
    for (const name of names) {
      const child = parent[name];
      if (typeof child === 'object') {
        parent = child;
      } else {
        const created: Nested = {};
        parent[name] = created;
        parent = created;
      }
    }
    parent[last] = value;
  }
  const entriesIn = protocol.version === 'ec2' ? numberedEntries : memberEntries;
  return Object.fromEntries(
    Object.entries(root).map(([name, value]) => [name, listed(value, entriesIn)]),
  );
}

type EntriesIn = (value: Nested) => Nested | undefined;

const memberEntries: EntriesIn = ({ member, ...others }) =>
  typeof member === 'object' && Object.keys(others).length === 0 ? member : undefined;

const numberedEntries: EntriesIn = (value) =>
  Object.keys(value).every((name) => /^\d+$/.test(name)) ? value : undefined;

function listed(value: string | Nested, entriesIn: EntriesIn): unknown {
  if (typeof value === 'string') return value;
  const entries = entriesIn(value);
  if (entries !== undefined) {
    return Object.entries(entries)
      .sort(([left], [right]) => Number(left) - Number(right))
      .map(([, entry]) => listed(entry, entriesIn));
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, listed(child, entriesIn)]),
  );
}

/** A successful answer in the service's protocol. */
export function encodeOutput(
  { protocol, operation }: Recognised,
  output: object,
  requestId: string,
): WireResponse {
  if (isXml(protocol)) {
    const name = `${operation}Response`;
    const content =
      protocol.version === 'ec2'
        ? xmlElement('requestId', requestId) + xmlContent(output, 'item')
        : xmlElement(`${operation}Result`, output) +
          xmlElement('ResponseMetadata', { RequestId: requestId });
    const xml = `<${name} xmlns="${protocol.namespace}">${content}</${name}>`;
    return responseOf(200, 'text/xml', xml, requestId);
  }
  // DynamoDB has no times of its own, and the largest answers.
  const isTimeless = protocol.service === 'dynamodb';
  const json = JSON.stringify(isTimeless ? output : withSeconds(output));
  return responseOf(200, `application/x-amz-json-${protocol.version}`, json, requestId);
}

/** An error in the service's protocol. */
export function encodeError(
  protocol: Protocol,
  error: ServiceError,
  requestId: string,
): WireResponse {
  const type = error.statusCode < 500 ? 'Sender' : 'Receiver';
  if (protocol.version === 'ec2') {
    const errors = { Error: { Code: error.code, Message: error.message } };
    const xml = xmlElement('Response', { Errors: errors, RequestID: requestId });
    return responseOf(error.statusCode, 'text/xml', xml, requestId);
  }
  if (protocol.version === 'query') {
    const details = xmlElement('Error', { Type: type, Code: error.code, Message: error.message });
    const id = xmlElement('RequestId', requestId);
    const xml = `<ErrorResponse xmlns="${protocol.namespace}">${details}${id}</ErrorResponse>`;
    return responseOf(error.statusCode, 'text/xml', xml, requestId);
  }
  const json = JSON.stringify(
    withSeconds({ __type: error.code, message: error.message, ...error.members }),
  );
  const contentType = `application/x-amz-json-${protocol.version}`;
  const response = responseOf(error.statusCode, contentType, json, requestId);
  if (protocol.isQueryCompatible) {
    response.headers['x-amzn-query-error'] = `${error.code};${type}`;
  }
  return response;
}

/** There is no `date` header: from a virtual one a client would infer that its own clock is off. */
function responseOf(
  statusCode: number,
  contentType: string,
  text: string,
  requestId: string,
): WireResponse {
  const body = Buffer.from(text);
  return {
    statusCode,
    headers: {
      'content-type': contentType,
      'content-length': String(body.byteLength),
      'x-amzn-requestid': requestId,
    },
    body,
  };
}

/** A copy with every Date in seconds: `JSON.stringify` would have made text of it before it asks. */
function withSeconds(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withSeconds);
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) copy[name] = withSeconds(Reflect.get(value, name));
  return copy;
}

function xmlElement(name: string, value: unknown, entryName = 'member'): string {
  if (value === undefined || value === null) return '';
  return `<${name}>${xmlContent(value, entryName)}</${name}>`;
}

function xmlContent(value: unknown, entryName: string): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) {
    return value.map((entry) => xmlElement(entryName, entry, entryName)).join('');
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, child]) => xmlElement(name, child, entryName))
      .join('');
  }
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
