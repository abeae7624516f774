import { hookSteps } from './hook.ts';
import { incidentSteps } from './incidents.ts';
import { outboxSteps } from './outbox.ts';
import type { RemovedStep } from './step.ts';

/** Every step of the outbox, the incidents and the hook that guards a promise. */
export const removedSteps: readonly RemovedStep[] = [
  ...outboxSteps,
  ...incidentSteps,
  ...hookSteps,
];
