import type { Account, ScalableTarget } from '../account.ts';
import { ServiceError } from './errors.ts';
import {
  type Input,
  optionalInteger,
  optionalText,
  optionalTexts,
  pageOf,
  type Responder,
  text,
} from './operation.ts';

const resourceIdsMax = 50;
const pageSizeMax = 50;
const namespace = 'ecs';
const dimension = 'ecs:service:DesiredCount';

/** Application Auto Scaling, as far as it scales ECS services. */
export const applicationAutoScaling: Responder = {
  DescribeScalableTargets: {
    members: ['ServiceNamespace', 'ScalableDimension', 'ResourceIds', 'MaxResults', 'NextToken'],
    respond: describeScalableTargets,
  },
};

function describeScalableTargets(account: Account, input: Input): object {
  const wished = optionalText(input, 'ScalableDimension');
  const ids = optionalTexts(input, 'ResourceIds') ?? [];
  if (ids.length > resourceIdsMax) {
    throw invalid(`ResourceIds must have at most ${resourceIdsMax} entries`);
  }
  if (wished !== undefined && ids.length === 0) {
    throw invalid('A scalable dimension needs a resource ID');
  }
  const isOurs =
    text(input, 'ServiceNamespace') === namespace && (wished ?? dimension) === dimension;
  const found = [...account.scalableTargets.values()].filter(
    ({ ResourceId }) => isOurs && (ids.length === 0 || ids.includes(ResourceId)),
  );
  const pageSize =
    optionalInteger(input, 'MaxResults', [1, pageSizeMax], 'ValidationException') ?? pageSizeMax;
  const { page, next } = pageOf(
    found,
    optionalText(input, 'NextToken'),
    pageSize,
    () => new ServiceError('InvalidNextTokenException', 'Invalid token'),
  );
  return { ScalableTargets: page.map(shown), NextToken: next };
}

const shown = (target: ScalableTarget): object => ({
  ServiceNamespace: namespace,
  ScalableDimension: dimension,
  ...target,
});

const invalid = (message: string): ServiceError => new ServiceError('ValidationException', message);
