import type { ProbeRequest, Prober } from '../shared/http/port.ts';
import { createProber } from '../shared/http/prober.ts';
import { proberDefaults } from '../shared/http/prober-defaults.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import { answerOf } from './app-http.ts';
import { type Behaviour, type HttpService, startHttpService } from './http-service.ts';
import { requestOf, type WorldProberOptions } from './prober.ts';
import { createRouter, type Routed } from './routing.ts';
import type { World } from './world.ts';

export type LiveProber = {
  /** The prober of a sandbox; what a call took in real time passes on the sandbox's clock too. */
  readonly open: (clock: Clock) => Prober;
  /** Ends every server and every connection. */
  close(): Promise<void>;
};

/**
 * Sends the hook's test calls for real: the functions' own prober, over loopback, to an HTTP server for
 * each build. Where the load balancers of the world would send a call decides which server gets it.
 * Time in the world stands still while a call is under way.
 */
export function createLiveProber(
  world: Pick<World, 'hold'>,
  { account, apps, random }: WorldProberOptions,
): LiveProber {
  const route = createRouter(account);
  const prober = createProber(proberDefaults);
  const servers = new Map<string, Promise<HttpService>>();

  const serve = (behaviour: Behaviour, name: string): Promise<HttpService> => {
    const known = servers.get(name) ?? startHttpService({ behaviour });
    servers.set(name, known);
    return known;
  };
  const serverOf = (
    routed: Exclude<Routed, { kind: 'unknown-name' | 'refused' }>,
  ): Promise<HttpService> => {
    if (routed.kind === 'silence') return serve(() => ({ kind: 'hang' }), 'silence');
    if (routed.kind === 'fixed') {
      const { status, afterMs = 0 } = routed;
      return serve(() => ({ status, delayMs: afterMs }), `${status}`);
    }
    const { taskDefinitionArn } = routed.task;
    return serve(({ path }) => {
      const answer = answerOf(apps, taskDefinitionArn, path, random);
      if (answer.kind === 'reset') return { kind: 'reset' };
      if (answer.kind === 'silence') return { kind: 'hang' };
      const { status, headers, body, elapsedMs } = answer;
      return { status, headers, body, delayMs: elapsedMs };
    }, taskDefinitionArn);
  };
  const send = async (request: ProbeRequest, signal: AbortSignal | undefined) => {
    const routed = route(requestOf(request), random);
    if (routed.kind === 'unknown-name') return noName;
    if (routed.kind === 'refused') return refused;
    const { port } = await serverOf(routed);
    const endpoint = { ...request.endpoint, protocol: 'http' as const, address: '127.0.0.1', port };
    return await prober.send({ ...request, endpoint }, signal);
  };
  return {
    open: (clock) => ({
      async send(request, signal) {
        const startedMs = performance.now();
        const outcome = await world.hold(send(request, signal));
        await clock.sleep(Math.ceil(performance.now() - startedMs), signal);
        return outcome;
      },
      close: () => undefined,
    }),
    async close() {
      prober.close();
      await Promise.all([...servers.values()].map(async (server) => await (await server).close()));
    },
  };
}

const noName = { kind: 'transport', phase: 'dns', code: 'ENOTFOUND' } as const;
const refused = { kind: 'transport', phase: 'connect', code: 'ECONNREFUSED' } as const;
