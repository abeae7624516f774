import { readFileSync } from 'node:fs';
import type { Moto } from './moto.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const stackName = 'ballast';

/**
 * Creates the stack from what SAM makes of template.yaml (`out/template.json`), and returns its
 * outputs. Three things are changed, because moto cannot do them: code comes inline instead of from
 * a bucket, the value of an SSM parameter is put where it is asked for, and nothing takes events from
 * the queue, for which moto would start a container.
 */
export async function createStack(
  moto: Moto,
  parameters: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const template: Fields = JSON.parse(readFileSync('out/template.json', 'utf8'));
  await moto.query('cloudformation', {
    Action: 'CreateStack',
    Version: '2010-05-15',
    StackName: stackName,
    TemplateBody: JSON.stringify(adapted(template)),
    ...Object.fromEntries(
      Object.entries(parameters).flatMap(([name, value], at) => [
        [`Parameters.member.${at + 1}.ParameterKey`, name],
        [`Parameters.member.${at + 1}.ParameterValue`, value],
      ]),
    ),
  });
  const description = await moto.query('cloudformation', {
    Action: 'DescribeStacks',
    Version: '2010-05-15',
    StackName: stackName,
  });
  const [, status] = /<StackStatus>(\w+)</.exec(description) ?? [];
  if (status !== 'CREATE_COMPLETE') throw new Error(`the stack is ${status}: ${description}`);
  const outputs = description.matchAll(
    /<OutputKey>([^<]+)<\/OutputKey>\s*<OutputValue>([^<]*)<\/OutputValue>/g,
  );
  return new Map([...outputs].map(([, key = '', value = '']) => [key, value]));
}

function adapted(template: Fields): Fields {
  const resources = Object.entries(isFields(template.Resources) ? template.Resources : {});
  const parameterValues = new Map<string, unknown>();
  for (const [id, resource] of resources) {
    if (typeOf(resource) === 'AWS::SSM::Parameter') {
      parameterValues.set(id, propertiesOf(resource).Value);
    }
  }
  const kept = resources
    .filter(([, resource]) => typeOf(resource) !== 'AWS::Lambda::EventSourceMapping')
    .map(([id, resource]) => [
      id,
      typeOf(resource) === 'AWS::Lambda::Function' ? withInlineCode(resource) : resource,
    ]);
  const changed = substituted(
    { ...template, Resources: Object.fromEntries(kept) },
    parameterValues,
  );
  return isFields(changed) ? changed : {};
}

const typeOf = (resource: unknown): unknown => (isFields(resource) ? resource.Type : undefined);

const propertiesOf = (resource: unknown): Fields =>
  isFields(resource) && isFields(resource.Properties) ? resource.Properties : {};

const withInlineCode = (resource: unknown): Fields => ({
  ...(isFields(resource) ? resource : {}),
  Properties: { ...propertiesOf(resource), Code: { ZipFile: 'none' } },
});

/** Puts the value of a parameter in place of `Fn::GetAtt` of it. */
function substituted(value: unknown, values: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => substituted(item, values));
  if (!isFields(value)) return value;
  const target = value['Fn::GetAtt'];
  const [id] = Array.isArray(target) ? target : String(target ?? '').split('.');
  if (values.has(id)) return values.get(id);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, substituted(item, values)]),
  );
}
