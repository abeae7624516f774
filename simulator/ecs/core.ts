import type { Account } from '../account.ts';
import type { BehaviourId, VariantOf } from '../behaviours.ts';
import type { Timer } from '../event-queue.ts';
import type { Random } from '../random.ts';
import type { Ids } from './ids.ts';
import type { CallHook } from './inputs.ts';
import type { Deployment, Instance, Provider, Service, State, Task } from './state.ts';

/** What one rule tells the others. A listener is called at once, in the order of installation. */
export type Signals = {
  /** Its status, what ECS wants of it, or its health. */
  'task-changed': Task;
  'task-running': Task;
  /** It did not start, or ended by itself: told before it is stopped. */
  'task-failed': Task;
  'task-stopped': Task;
  /** Its status, its agent, or the room on it. */
  'instance-changed': Instance;
  'instance-registered': Instance;
  'instance-gone': Instance;
  'instance-impaired': Instance;
  'service-changed': Service;
  /** A task of it did not start, or was replaced because it failed its checks. */
  'deployment-task-failed': { readonly deployment: Deployment; readonly of: 'start' | 'health' };
  /** The scheduler has looked at it. */
  'service-reconciled': Service;
  'deployment-ended': Deployment;
  /** There may be room again for what waits. */
  'capacity-changed': Provider | undefined;
  /** A task waits for capacity of the provider. */
  'capacity-wanted': Provider;
  'alarm-changed': string;
};

export type SignalName = keyof Signals;

/** An event without what the world knows by itself. */
export type EmittedEvent = {
  readonly detailType: string;
  readonly source?: 'aws.ecs' | 'aws.ec2' | 'aws.health';
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};

/** What every rule of the simulated ECS works with. */
export type Core = {
  readonly account: Account;
  readonly state: State;
  readonly ids: Ids;
  nowMs(): number;
  at(atMs: number, run: () => void): Timer;
  after(delayMs: number, run: () => void): Timer;
  random(concern: string): Random;
  /** Whether a rule is in force. */
  has(id: BehaviourId): boolean;
  variant<Id extends BehaviourId>(id: Id): VariantOf<Id>;
  emit(event: EmittedEvent): void;
  on<Name extends SignalName>(name: Name, listener: (value: Signals[Name]) => void): void;
  signal<Name extends SignalName>(name: Name, value: Signals[Name]): void;
  /** The view of the service is written when the step ends. */
  touch(service: Service): void;
  /** Calls a hook function; what follows runs in a step of its own. */
  callHook(
    call: Parameters<CallHook>,
    then: (answer: { readonly value: unknown } | { readonly error: Error }) => void,
  ): void;
};

/** A duration drawn evenly from a range, in whole ms. */
export const drawMs = (
  core: Pick<Core, 'random'>,
  concern: string,
  [minMs, maxMs]: readonly [number, number],
): number => core.random(concern).integer(minMs, maxMs);

/** Sets a named timer of a thing; the one before it is cancelled. */
export function setTimer(
  core: Core,
  timers: Map<string, Timer>,
  name: string,
  delayMs: number,
  run: () => void,
): void {
  timers.get(name)?.cancel();
  const timer = core.after(delayMs, () => {
    timers.delete(name);
    run();
  });
  timers.set(name, timer);
}

export function cancelTimer(timers: Map<string, Timer>, name: string): void {
  timers.get(name)?.cancel();
  timers.delete(name);
}

export function cancelTimers(timers: Map<string, Timer>): void {
  for (const timer of timers.values()) timer.cancel();
  timers.clear();
}
