import type { Core } from './core.ts';
import type { Scope } from './state.ts';

/** What is asked of EC2 or Fargate. */
export type CapacityRequest = {
  readonly zone: string;
  readonly instanceType: string | undefined;
  readonly capacityProvider: string;
};

const covers = (scope: Scope, request: CapacityRequest): boolean =>
  (scope.zone === undefined || scope.zone === request.zone) &&
  (scope.instanceType === undefined || scope.instanceType === request.instanceType) &&
  (scope.capacityProvider === undefined || scope.capacityProvider === request.capacityProvider);

/** Whether nature refuses capacity there now. */
export function isRefused({ state }: Core, request: CapacityRequest): boolean {
  const { zonesOut, refused } = state.nature;
  return zonesOut.has(request.zone) || [...refused].some((scope) => covers(scope, request));
}

/** By how much a launch there takes longer now, in ms. */
export function slownessMs({ state }: Core, request: CapacityRequest): number {
  const extra = [...state.nature.slow].filter(({ scope }) => covers(scope, request));
  return extra.reduce((sum, { extraMs }) => sum + extraMs, 0);
}
