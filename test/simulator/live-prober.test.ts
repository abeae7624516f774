import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeRequest } from '../../shared/http/port.ts';
import type { AppHttp } from '../../simulator/app-http.ts';
import { createLiveProber, type LiveProber } from '../../simulator/live-prober.ts';
import { createStreams } from '../../simulator/random.ts';
import { createWorld } from '../../simulator/world.ts';

const startMs = Date.parse('2026-11-20T00:00:00Z');
const minuteMs = 60_000;

let live: LiveProber | undefined;
afterEach(async () => await live?.close());

/** A service of two Fargate tasks behind a load balancer of that name. */
function arrange(app: AppHttp) {
  const world = createWorld({ seed: 5, startMs });
  world.ecs.createCluster({ clusterName: 'prod' });
  world.aws.createSubnet({ subnetId: 'subnet-1', availabilityZone: 'eu-central-1a' });
  const balancer = world.aws.createLoadBalancer({
    ...{ name: 'web', dnsName: 'web.example.com' },
    production: { port: 80, protocol: 'HTTP' },
    test: { port: 8080, protocol: 'HTTP' },
  });
  const { taskDefinitionArn } = world.ecs.registerTaskDefinition({
    ...{ family: 'web', cpu: '256', memory: '512', requiresCompatibilities: ['FARGATE'] },
    containerDefinitions: [{ name: 'app', image: 'web', portMappings: [{ containerPort: 8080 }] }],
  });
  world.ecs.createService({
    ...{ cluster: 'prod', serviceName: 'web', taskDefinition: 'web', desiredCount: 2 },
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    loadBalancers: balancer.asServiceLoadBalancers('app', 8080),
    deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0 },
  });
  world.runUntil(startMs + 20 * minuteMs);
  const apps = new Map([[taskDefinitionArn, app]]);
  const random = createStreams(2)('probes');
  live = createLiveProber(world, { account: world.account, apps, random });
  return { world, prober: live.open(world.clock) };
}

const request = (changes: Partial<ProbeRequest['endpoint']> = {}): ProbeRequest => ({
  endpoint: {
    ...{ protocol: 'http', address: 'web.example.com', port: 80, host: 'web.example.com' },
    ...{ headers: {}, query: [], pathPatterns: [], methods: [] },
    ...{ reusesConnections: true, verifiesCertificate: true },
    ...changes,
  },
  ...{ method: 'GET', path: '/', headers: {}, connectTimeoutMs: 3_000, timeoutMs: 5_000 },
});

const app: AppHttp = { latency: { medianMs: 20, sigma: 0 } };

describe('the live prober', () => {
  it('gets the answer of the build behind the load balancer from a real server', async () => {
    const { world, prober } = arrange(app);
    const sent = prober.send(request());
    await world.run(world.nowMs() + minuteMs);
    expect(await sent).toMatchObject({
      ...{ kind: 'answer', status: 200, body: '{"status":"ok"}' },
      // Headers that only a server which is really there sends.
      headers: { 'x-build': 'web:1', 'content-length': '15' },
    });
  });

  it('holds time while a call is under way, and lets pass what the call took', async () => {
    const { world, prober } = arrange(app);
    const sentMs = world.nowMs();
    let [isOver, endedMs] = [false, 0];
    const sent = prober.send(request()).then(() => {
      isOver = true;
      endedMs = world.nowMs();
    });
    expect(world.held()).toBe(1);
    const heardMs: number[] = [];
    world.after(1, () => heardMs.push(world.held()));
    await world.run(sentMs + minuteMs);
    await sent;
    // What was due a millisecond later came when the call had ended, and before it had passed.
    expect([heardMs, isOver]).toEqual([[0], true]);
    expect(endedMs - sentMs).toBeGreaterThanOrEqual(20);
  });

  it.each<readonly [string, AppHttp, Partial<ProbeRequest['endpoint']>, object]>([
    ['a reset', { ...app, resetShare: 1 }, {}, { kind: 'transport', phase: 'reset' }],
    ['a name nobody has', app, { address: 'x.example.com' }, { kind: 'transport', phase: 'dns' }],
    ['a port nobody listens on', app, { port: 81 }, { kind: 'transport', phase: 'connect' }],
  ])('tells %s', async (_, behaviour, changes, expected) => {
    const { world, prober } = arrange(behaviour);
    const sent = prober.send(request(changes));
    await world.run(world.nowMs() + minuteMs);
    expect(await sent).toMatchObject(expected);
  });
});
