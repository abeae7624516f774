import type { Account, Call, EcsService } from './account.ts';
import type {
  DeadLetter,
  DeliveredStop,
  EcsWrite,
  HookCall,
  Signal,
  Stop,
  TimelineEntry,
} from './record.ts';
import type { Truth } from './scenario.ts';

/** What is written down while a run goes on. */
export type Journal = {
  readonly timeline: TimelineEntry[];
  readonly truths: Truth[];
  readonly hookCalls: HookCall[];
  readonly writes: EcsWrite[];
  readonly deadLetters: DeadLetter[];
  readonly calls: Map<string, number>;
  stops(): readonly DeliveredStop[];
  signals(): readonly Signal[];
  note(who: string, text: string): void;
  /** A call to AWS, as it arrives. */
  call(call: Call): void;
  stopped(stop: Stop): void;
  signalled(signal: Omit<Signal, 'arrivalsMs'>): void;
  /** When the event of a stop, by its task's ARN, or of a signal, by its own id, will be in the queue. */
  arrives(id: string, atMs: readonly number[]): void;
};

const isRead = (operation: string): boolean => /^(Describe|List|Get)/.test(operation);

export function createJournal(account: Account): Journal {
  const { nowMs } = account;
  const timeline: TimelineEntry[] = [];
  const stops = new Map<string, Stop & { readonly arrivalsMs: number[] }>();
  const signals = new Map<string, Signal & { readonly arrivalsMs: number[] }>();
  const writes: EcsWrite[] = [];
  const calls = new Map<string, number>();
  return {
    timeline,
    truths: [],
    hookCalls: [],
    writes,
    deadLetters: [],
    calls,
    stops: () => [...stops.values()],
    signals: () => [...signals.values()],
    note: (who, text) => timeline.push({ atMs: nowMs(), who, text }),
    call(call) {
      const { service, operation } = call;
      const name = `${service}:${operation}`;
      calls.set(name, (calls.get(name) ?? 0) + 1);
      if (service === 'ecs' && !isRead(operation)) writes.push(writeOf(account, call));
    },
    stopped(stop) {
      stops.set(stop.taskArn, { ...stop, arrivalsMs: stops.get(stop.taskArn)?.arrivalsMs ?? [] });
    },
    signalled: (signal) => void signals.set(signal.eventId, { ...signal, arrivalsMs: [] }),
    arrives: (id, atMs) => (stops.get(id) ?? signals.get(id))?.arrivalsMs.push(...atMs),
  };
}

function writeOf(account: Account, call: Call): EcsWrite {
  const service = serviceOf(account, call);
  const named = [call.input.task, ...listOf(call.input.tasks)].map(String);
  return {
    operation: call.operation,
    input: call.input,
    ...(call.caller === undefined ? {} : { caller: call.caller }),
    atMs: account.nowMs(),
    service: service?.serviceName,
    tags: Object.fromEntries((service?.tags ?? []).map(({ key, value }) => [key, value])),
    desiredBefore: service?.desiredCount,
    protectedTasks: [...account.taskProtections]
      .filter(([arn, { protectionEnabled, expirationDate }]) => {
        const isOver = expirationDate !== undefined && expirationDate.getTime() <= account.nowMs();
        return protectionEnabled && !isOver && named.some((name) => arn.endsWith(name));
      })
      .map(([arn]) => arn),
  };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function serviceOf(account: Account, { input }: Call): EcsService | undefined {
  const task = account.tasks.get(String(input.task));
  const name = String(input.service ?? task?.group?.replace(/^service:/, ''))
    .split('/')
    .at(-1);
  return [...account.services.values()].find(({ serviceName }) => serviceName === name);
}
