import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import {
  carryOut,
  intrinsicTags,
  isIntrinsic,
  noValue,
  type Scope,
  UnsupportedTemplate,
} from './intrinsics.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A resource of the template with every intrinsic function carried out. */
export type StackResource = {
  readonly id: string;
  readonly type: string;
  readonly properties: Fields;
};

/** What `sam deploy` would make of a template, as far as the simulation uses it. */
export type Stack = {
  readonly name: string;
  readonly resources: readonly StackResource[];
  /** By type, in the order of the template. */
  ofType(type: string): readonly StackResource[];
  /** Throws when there is none. */
  resource(id: string): StackResource;
  /** `Ref` and `Fn::GetAtt` of a resource, as CloudFormation gives them. */
  arnOf(id: string): string;
  /** The resource that an ARN or physical name belongs to. */
  byArn(arn: string): StackResource | undefined;
};

export type StackOptions = {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  /** The text of template.yaml. */
  readonly text?: string;
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fieldsIn = (value: unknown, name: string): Fields => {
  const found = isFields(value) ? value[name] : undefined;
  return isFields(found) ? found : {};
};

const templateFile = path.join(import.meta.dirname, '../../template.yaml');

/**
 * Reads `template.yaml` for a stack with these parameters: conditions decided, defaults filled in,
 * SAM's globals merged into functions. An intrinsic function that it does not know is an error.
 */
export function readStack(options: StackOptions): Stack {
  const body: unknown = parse(options.text ?? readFileSync(templateFile, 'utf8'), {
    customTags: intrinsicTags(),
  });
  const resolver = createResolver(body, options);
  const globals = resolver.resolve(fieldsIn(fieldsIn(body, 'Globals'), 'Function'));
  const resources = Object.entries(fieldsIn(body, 'Resources')).flatMap(([id, value]) => {
    if (!isFields(value) || typeof value.Type !== 'string') {
      throw new UnsupportedTemplate(`${id} has no type`);
    }
    if (typeof value.Condition === 'string' && !resolver.holds(value.Condition)) return [];
    const own = fieldsOf(resolver.resolve(fieldsIn(value, 'Properties')));
    const properties =
      value.Type === 'AWS::Serverless::Function' ? merged(fieldsOf(globals), own) : own;
    return [{ id, type: value.Type, properties }];
  });
  return stackOf(options.name, resources, resolver);
}

function stackOf(name: string, resources: readonly StackResource[], resolver: Resolver): Stack {
  const hasArn = ({ type }: StackResource): boolean => arnShapes[type] !== undefined;
  const arns = new Map(resources.filter(hasArn).map((one) => [resolver.arnOf(one.id), one]));
  return {
    name,
    resources,
    ofType: (type) => resources.filter((one) => one.type === type),
    resource: (id) => {
      const found = resources.find((one) => one.id === id);
      if (found === undefined) throw new UnsupportedTemplate(`the stack has no resource ${id}`);
      return found;
    },
    arnOf: resolver.arnOf,
    byArn: (arn) => arns.get(arn),
  };
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** SAM's globals lie under what a function says itself; maps are merged, everything else replaced. */
function merged(under: Fields, over: Fields): Fields {
  const both = { ...under, ...over };
  return Object.fromEntries(
    Object.entries(both).map(([name, value]) => [
      name,
      isFields(under[name]) && isFields(over[name]) ? merged(under[name], over[name]) : value,
    ]),
  );
}

type Resolver = {
  resolve(value: unknown): unknown;
  holds(condition: string): boolean;
  arnOf(id: string): string;
};

function createResolver(body: unknown, options: StackOptions): Resolver {
  const names = namesOf(body, options, (value) => resolve(value));
  const conditions = fieldsIn(body, 'Conditions');
  const holds = (condition: string): boolean => {
    if (!(condition in conditions)) throw new UnsupportedTemplate(`no condition ${condition}`);
    return resolve(conditions[condition]) === true;
  };
  const scope: Scope = { ...names, holds, resolve: (value) => resolve(value) };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== noValue);
    if (!isFields(value)) return value;
    const [[operator, operand] = ['', undefined], ...rest] = Object.entries(value);
    if (rest.length === 0 && isIntrinsic(operator)) return carryOut(operator, operand, scope);
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, resolve(item)] as const)
        .filter(([, item]) => item !== noValue),
    );
  };
  return { resolve, holds, arnOf: names.arnOf };
}

/** What names stand for in a stack: parameters, pseudo parameters, resources and attributes. */
function namesOf(
  body: unknown,
  { name, region, accountId, parameters: given }: StackOptions,
  resolve: (value: unknown) => unknown,
) {
  const pseudo: Fields = {
    'AWS::StackName': name,
    'AWS::Region': region,
    'AWS::AccountId': accountId,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::NoValue': noValue,
  };
  const parameters: Fields = Object.fromEntries(
    Object.entries(fieldsIn(body, 'Parameters')).map(([id, value]) => [
      id,
      parameterOf(id, fieldsOf(value), given),
    ]),
  );
  const resources = fieldsIn(body, 'Resources');
  const typeOf = (id: string): string => String(fieldsOf(resources[id]).Type);
  const arnOf = (id: string): string => {
    const shape = arnShapes[typeOf(id)];
    if (shape === undefined) throw new UnsupportedTemplate(`${id}: no ARN of ${typeOf(id)}`);
    const physical = ownName(fieldsIn(resources[id], 'Properties'), resolve) ?? `${name}-${id}`;
    return `arn:aws:${shape.replace('REGION', region).replace('ACCOUNT', accountId)}${physical}`;
  };
  const reference = (id: string): unknown => {
    if (id in pseudo) return pseudo[id];
    if (id in parameters) return parameters[id];
    if (id in resources) return physicalName(id, typeOf(id), name, arnOf);
    throw new UnsupportedTemplate(`nothing is called ${id}`);
  };
  const attribute = (path: string): unknown => {
    const [id = '', what] = path.split('.');
    if (what === 'Value') return resolve(fieldsIn(resources[id], 'Properties').Value);
    if (what === 'Arn' || what === 'TopicArn') return arnOf(id);
    if (what === 'QueueName' || what === 'TopicName') {
      return physicalName(id, typeOf(id), name, arnOf).split(/[:/]/).at(-1);
    }
    throw new UnsupportedTemplate(`${path}: no such attribute is simulated`);
  };
  return { arnOf, reference, attribute };
}

function parameterOf(
  id: string,
  declaration: Fields,
  given: StackOptions['parameters'],
): string | readonly string[] {
  const value = given[id] ?? declaration.Default;
  if (value === undefined) throw new UnsupportedTemplate(`the parameter ${id} needs a value`);
  const isList = String(declaration.Type).includes('List');
  if (Array.isArray(value)) return isList ? value : value.join(',');
  return isList ? String(value).split(',').filter(Boolean) : String(value);
}

/** Each kind of ARN up to the name, for what is referred to by its ARN. */
const arnShapes: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'lambda:REGION:ACCOUNT:function:',
  'AWS::SQS::Queue': 'sqs:REGION:ACCOUNT:',
  'AWS::SNS::Topic': 'sns:REGION:ACCOUNT:',
  'AWS::DynamoDB::Table': 'dynamodb:REGION:ACCOUNT:table/',
  'AWS::Events::Rule': 'events:REGION:ACCOUNT:rule/',
  'AWS::IAM::Role': 'iam::ACCOUNT:role/',
  'AWS::IAM::ManagedPolicy': 'iam::ACCOUNT:policy/',
  'AWS::KMS::Key': 'kms:REGION:ACCOUNT:key/',
  'AWS::Logs::LogGroup': 'logs:REGION:ACCOUNT:log-group:',
  'AWS::CloudWatch::Alarm': 'cloudwatch:REGION:ACCOUNT:alarm:',
};

const nameProperties = ['FunctionName', 'QueueName', 'TopicName', 'TableName', 'Name', 'RoleName'];

function ownName(properties: Fields, resolve: (value: unknown) => unknown): string | undefined {
  const property = nameProperties.find((one) => properties[one] !== undefined);
  return property === undefined ? undefined : String(resolve(properties[property]));
}

/** What `Ref` gives: an ARN for topics, a URL for queues, a name for the rest. */
function physicalName(
  id: string,
  type: string,
  stackName: string,
  arnOf: (id: string) => string,
): string {
  if (type === 'AWS::SNS::Topic' || type === 'AWS::IAM::ManagedPolicy') return arnOf(id);
  if (arnShapes[type] === undefined) return `${stackName}-${id}`;
  const name = arnOf(id).split(/[:/]/).at(-1) ?? id;
  if (type !== 'AWS::SQS::Queue') return name;
  const [, , , region, accountId] = arnOf(id).split(':');
  return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
}
