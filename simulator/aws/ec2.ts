import type { Account, Ec2Instance } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import {
  type Input,
  isInput,
  optionalInteger,
  optionalText,
  optionalTexts,
  pageOf,
  type Responder,
} from './operation.ts';

const filterValuesMax = 200;

/**
 * Amazon EC2, with its answers under the names that its API gives their members. Lists of a request go
 * by the name of one entry: `InstanceId`, `Filter`.
 */
export const ec2Answers: Responder = {
  DescribeInstances: {
    members: ['InstanceId', 'IncludeManagedResources', 'MaxResults', 'NextToken'],
    respond: describeInstances,
  },
  DescribeSubnets: {
    members: ['Filter', 'MaxResults', 'NextToken'],
    respond: (account, input) => {
      const isWanted = filterOf(input, 'subnet-id');
      const subnets = [...account.subnets.values()].filter(({ SubnetId }) => isWanted(SubnetId));
      const { page, next } = pageOfInput(subnets, input, [5, 1000]);
      return { Subnets: page, NextToken: next };
    },
  },
  DescribeInstanceTypes: {
    members: ['Filter', 'MaxResults', 'NextToken'],
    respond: (account, input) => {
      const isWanted = filterOf(input, 'instance-type');
      const types = [...account.instanceTypes.values()].filter((one) => isWanted(one.InstanceType));
      const { page, next } = pageOfInput(types, input, [5, 100]);
      return { InstanceTypes: page, NextToken: next };
    },
  },
  DescribeInstanceEventWindows: {
    members: ['MaxResults', 'NextToken'],
    respond: (account, input) => {
      const { page, next } = pageOfInput([...account.eventWindows.values()], input, [20, 500]);
      return { InstanceEventWindows: page, NextToken: next };
    },
  },
};

/** Amazon EC2 as it is on the wire. */
export const ec2: Responder = Object.fromEntries(
  Object.entries(ec2Answers).map(([name, { members, respond }]) => [
    name,
    { members, respond: (account: Account, input: Input) => named(respond(account, input)) },
  ]),
);

/** By id, all or nothing; without ids, all but the managed instances, unless those are asked for. */
function describeInstances(account: Account, input: Input): object {
  const ids = optionalTexts(input, 'InstanceId') ?? [];
  if (ids.length > 0 && input.MaxResults !== undefined) {
    throw new ServiceError(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  const showsManaged = input.IncludeManagedResources === 'true';
  const instances =
    ids.length > 0
      ? instancesById(account, ids)
      : [...account.ec2Instances.values()].filter((one) => showsManaged || !isHidden(one));
  const { page, next } = pageOfInput(instances, input, [5, 1000]);
  const reservations = page.map(({ State, ...instance }) => ({
    Instances: [{ ...instance, InstanceState: State }],
  }));
  return { Reservations: reservations, NextToken: next };
}

const isHidden = ({ Operator }: Ec2Instance): boolean =>
  Operator?.Managed === true && Operator.HiddenByDefault !== false;

function instancesById(account: Account, ids: readonly string[]): readonly Ec2Instance[] {
  const malformed = ids.find((id) => !/^i-[0-9a-f]+$/.test(id));
  if (malformed !== undefined) {
    throw new ServiceError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  }
  const unknown = ids.filter((id) => !account.ec2Instances.has(id));
  if (unknown.length > 0) {
    const subject = unknown.length === 1 ? 'instance ID' : 'instance IDs';
    const verb = unknown.length === 1 ? 'does' : 'do';
    throw new ServiceError(
      'InvalidInstanceID.NotFound',
      `The ${subject} '${unknown.join(', ')}' ${verb} not exist`,
    );
  }
  return ids.flatMap((id) => account.ec2Instances.get(id) ?? []);
}

/** The one filter that is simulated of an operation; its values are alternatives. */
function filterOf(input: Input, name: string): (value: string) => boolean {
  const filters = input.Filter;
  if (filters === undefined) return () => true;
  const [filter, ...others] = Array.isArray(filters) ? filters : [];
  if (!isInput(filter) || others.length > 0 || filter.Name !== name) {
    throw new UnsupportedRequest(`a filter by anything but ${name}`);
  }
  const values = optionalTexts(filter, 'Value') ?? [];
  if (values.length > filterValuesMax) {
    throw new ServiceError(
      'FilterLimitExceeded',
      `The maximum number of filter values specified on a single call is ${filterValuesMax}`,
    );
  }
  if (values.some((value) => /[*?]/.test(value))) throw new UnsupportedRequest('wildcards');
  return (value) => values.includes(value);
}

function pageOfInput<Entry>(
  entries: readonly Entry[],
  input: Input,
  [min, max]: readonly [min: number, max: number],
) {
  const pageSize = optionalInteger(input, 'MaxResults', [min, max], 'InvalidParameterValue');
  return pageOf(
    entries,
    optionalText(input, 'NextToken'),
    pageSize ?? Number.POSITIVE_INFINITY,
    () => new ServiceError('InvalidNextToken', 'The token is not valid'),
  );
}

/** Members whose name in XML is not simply their own with a small first letter. */
const xmlNames: Readonly<Record<string, string>> = {
  Reservations: 'reservationSet',
  Instances: 'instancesSet',
  Subnets: 'subnetSet',
  InstanceTypes: 'instanceTypeSet',
  InstanceEventWindows: 'instanceEventWindowSet',
  InstanceIds: 'instanceIdSet',
  Tags: 'tagSet',
  TimeRanges: 'timeRangeSet',
};

/** An answer under the names that EC2 gives its members on the wire. */
const named = (output: object): object =>
  Object.fromEntries(
    Object.entries(output).map(([name, value]) => [
      xmlNames[name] ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      namedValue(value),
    ]),
  );

function namedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(namedValue);
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? named(value)
    : value;
}
