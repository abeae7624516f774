import { type AppsHttp, answerOf } from './app-http.ts';
import { createRouter } from './routing.ts';
import type { World } from './world.ts';

/** People who use a service through its production listener. */
export type UserTraffic = {
  readonly service: string;
  readonly dnsName: string;
  readonly port: number;
  readonly everyMs: number;
  /** What a rule of the listener asks for. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** Requests of users to one service, and which of them came to nothing. */
export type UserRequests = {
  readonly service: string;
  readonly sent: number;
  readonly failed: number;
  /** Answered by tasks of a revision, as `web:12`. */
  readonly byRevision: Readonly<Record<string, number>>;
};

export type Users = {
  /** From now on, until the end of the run. */
  come(traffic: UserTraffic): void;
  requests(): readonly UserRequests[];
};

type Count = { sent: number; failed: number; readonly byRevision: Map<string, number> };

/** Counts users' requests apart from the gate's own, by where the rules send them. */
export function createUsers(world: World, apps: AppsHttp): Users {
  const route = createRouter(world.account);
  const random = world.random('users');
  const counts = new Map<string, Count>();

  const ask = (count: Count, { dnsName, port, headers = {} }: UserTraffic): void => {
    const request = { address: dnsName, port, method: 'GET', path: '/' };
    const routed = route({ ...request, headers: { host: dnsName, ...headers } }, random);
    count.sent += 1;
    if (routed.kind !== 'task') {
      count.failed += 1;
      return;
    }
    const { taskDefinitionArn } = routed.task;
    const answer = answerOf(apps, taskDefinitionArn, '/', random);
    if (answer.kind !== 'answer' || answer.status >= 500) count.failed += 1;
    const revision = taskDefinitionArn.split('/').at(-1) ?? '?';
    count.byRevision.set(revision, (count.byRevision.get(revision) ?? 0) + 1);
  };
  return {
    come(traffic) {
      const count: Count = { sent: 0, failed: 0, byRevision: new Map() };
      counts.set(traffic.service, count);
      const next = (): void => {
        ask(count, traffic);
        world.after(traffic.everyMs, next);
      };
      world.after(traffic.everyMs, next);
    },
    requests: () =>
      [...counts].map(([service, { sent, failed, byRevision }]) => ({
        service,
        sent,
        failed,
        byRevision: Object.fromEntries([...byRevision].sort(([a], [b]) => (a < b ? -1 : 1))),
      })),
  };
}
