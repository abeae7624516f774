import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { intrinsicTags } from '../../simulator/stack/intrinsics.ts';

export type Fields = Readonly<Record<string, unknown>>;

export type Resource = {
  readonly id: string;
  readonly type: string;
  readonly properties: Fields;
  /** The whole resource: Metadata, DeletionPolicy and the like. */
  readonly body: Fields;
};

export type Template = {
  readonly parameters: Fields;
  readonly rules: Fields;
  readonly conditions: Fields;
  readonly metadata: Fields;
  readonly globals: Fields;
  readonly outputs: Fields;
  readonly resources: readonly Resource[];
};

export type Statement = {
  readonly sid: string;
  readonly effect: unknown;
  readonly actions: readonly string[];
  /** As written: text or an intrinsic such as `{ Ref: … }`. */
  readonly resources: readonly unknown[];
  readonly conditionKeys: readonly string[];
  /** The template condition under which the statement exists at all. */
  readonly onlyIf: string | undefined;
};

/** Reads template.yaml with its intrinsics in their long form: `!Ref X` becomes `{ Ref: 'X' }`. */
export function readTemplate(text = readFileSync('template.yaml', 'utf8')): Template {
  const body = fields(parse(text, { customTags: intrinsicTags() }), 'template');
  const resources = Object.entries(fields(body.Resources, 'Resources')).map(([id, value]) => {
    const resource = fields(value, id);
    return {
      id,
      type: String(resource.Type),
      properties: fields(resource.Properties, `${id}.Properties`),
      body: resource,
    };
  });
  return {
    parameters: fields(body.Parameters, 'Parameters'),
    rules: fields(body.Rules ?? {}, 'Rules'),
    conditions: fields(body.Conditions, 'Conditions'),
    metadata: fields(body.Metadata, 'Metadata'),
    globals: fields(body.Globals, 'Globals'),
    outputs: fields(body.Outputs, 'Outputs'),
    resources,
  };
}

export const resourcesOfType = (template: Template, type: string): readonly Resource[] =>
  template.resources.filter((resource) => resource.type === type);

export function resourceOf(template: Template, id: string): Resource {
  const found = template.resources.find((resource) => resource.id === id);
  if (found === undefined) throw new Error(`template.yaml has no resource ${id}`);
  return found;
}

/** Folder and bundle name of a function: `DeploymentHook` lives in `functions/deployment-hook`. */
export const folderOf = (functionId: string): string =>
  functionId.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();

/** The role that a function runs under: always a resource of the template. */
export function roleOf(template: Template, lambda: Resource): Resource {
  const target = fields(lambda.properties.Role, `${lambda.id}.Role`)['Fn::GetAtt'];
  if (typeof target !== 'string' || !target.endsWith('.Arn')) {
    throw new Error(`${lambda.id}.Role is not the Arn of a role in the template`);
  }
  return resourceOf(template, target.slice(0, -'.Arn'.length));
}

/** All statements of a role's inline policies, those that only exist conditionally included. */
export function statementsOf(role: Resource): readonly Statement[] {
  return list(role.properties.Policies, `${role.id}.Policies`).flatMap((policy) => {
    const document = fields(fields(policy, role.id).PolicyDocument, `${role.id}.PolicyDocument`);
    return list(document.Statement, `${role.id}.Statement`).flatMap((entry) =>
      readStatements(entry, role.id, undefined),
    );
  });
}

function readStatements(
  entry: unknown,
  where: string,
  onlyIf: string | undefined,
): readonly Statement[] {
  const statement = fields(entry, `${where}.Statement`);
  if (statement.Ref === 'AWS::NoValue') return [];
  if ('Fn::If' in statement) {
    const [condition, ...branches] = list(statement['Fn::If'], `${where}.Fn::If`);
    return branches.flatMap((branch) => readStatements(branch, where, String(condition)));
  }
  const conditions = fields(statement.Condition ?? {}, `${where}.Condition`);
  return [
    {
      sid: String(statement.Sid ?? ''),
      effect: statement.Effect,
      actions: oneOrMore(statement.Action).map(String),
      resources: oneOrMore(statement.Resource),
      conditionKeys: Object.values(conditions).flatMap((test) =>
        Object.keys(fields(test, `${where}.Condition`)),
      ),
      onlyIf,
    },
  ];
}

/** Environment of a function: the shared part from Globals and its own. */
export function environmentOf(template: Template, lambda: Resource): Fields {
  const own = fields(lambda.properties.Environment ?? {}, 'Environment');
  const globals = fields(template.globals.Function, 'Globals.Function');
  const shared = fields(globals.Environment ?? {}, 'Globals.Function.Environment');
  return {
    ...fields(shared.Variables ?? {}, 'Variables'),
    ...fields(own.Variables ?? {}, 'Variables'),
  };
}

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`template.yaml: ${what} is not a mapping`);
  }
  return value as Fields;
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`template.yaml: ${what} is not a list`);
  return value;
}

export const oneOrMore = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : [value];
