import { describe, expect, it } from 'vitest';
import type { ProbeRequest } from '../../shared/http/port.ts';
import { type AppHttp, answerOf } from '../../simulator/app-http.ts';
import { createWorldProber } from '../../simulator/prober.ts';
import { createStreams } from '../../simulator/random.ts';
import { createRouter, isLike } from '../../simulator/routing.ts';
import { createUsers } from '../../simulator/users.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { createLab } from './world-lab.ts';

const startMs = Date.parse('2026-11-20T00:00:00Z');
const minuteMs = 60_000;

/** A service of two Fargate tasks behind a load balancer, up and healthy. */
function arrange() {
  const world = createWorld({ seed: 5, startMs });
  world.ecs.createCluster({ clusterName: 'prod' });
  world.aws.createSubnet({ subnetId: 'subnet-1', availabilityZone: 'eu-central-1a' });
  const balancer = world.aws.createLoadBalancer({
    ...{ name: 'web', dnsName: 'web.example.com' },
    production: { port: 80, protocol: 'HTTP' },
    test: {
      ...{ port: 80, protocol: 'HTTP' },
      conditions: [
        { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Test', Values: ['1'] } },
      ],
    },
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
  const apps = new Map<string, AppHttp>();
  return { world, balancer, taskDefinitionArn, apps };
}

const request = (changes: Partial<ProbeRequest> = {}): ProbeRequest => ({
  endpoint: {
    ...{ protocol: 'http', address: 'web.example.com', port: 80, host: 'web.example.com' },
    ...{ headers: {}, query: [], pathPatterns: [], methods: [] },
    ...{ reusesConnections: true, verifiesCertificate: true },
  },
  ...{ method: 'GET', path: '/', headers: {}, connectTimeoutMs: 3_000, timeoutMs: 5_000 },
  ...changes,
});

/** Sends one call and lets the world's time pass until it is answered. */
async function send(world: World, apps: ReadonlyMap<string, AppHttp>, what: ProbeRequest) {
  const random = createStreams(2)('probes');
  const prober = createWorldProber({ account: world.account, apps, random })(world.clock);
  const startedMs = world.nowMs();
  const outcome = prober.send(what);
  let isOver = false;
  void outcome.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    world.step();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { outcome: await outcome, tookMs: world.nowMs() - startedMs };
}

describe('test calls in a world', () => {
  it('are answered by the tasks that the rule sends them to, in their own time', async () => {
    const { world, apps, taskDefinitionArn } = arrange();
    apps.set(taskDefinitionArn, {
      latency: { medianMs: 300, sigma: 0 },
      body: 'hello',
      status: 201,
    });
    const { outcome, tookMs } = await send(world, apps, request());
    expect(outcome).toMatchObject({ kind: 'answer', status: 201, body: 'hello', elapsedMs: 300 });
    expect(outcome).toMatchObject({ headers: { 'x-build': 'web:1' } });
    expect(tookMs).toBe(302);
  });

  it('time out when nobody answers, which is the application; a reset is the network', async () => {
    const { world, apps, taskDefinitionArn } = arrange();
    apps.set(taskDefinitionArn, { latency: { medianMs: 9_000, sigma: 0 } });
    expect((await send(world, apps, request())).outcome).toEqual({
      ...{ kind: 'no-answer', elapsedMs: 5_000 },
    });
    apps.set(taskDefinitionArn, { latency: { medianMs: 1, sigma: 0 }, hangs: true });
    expect((await send(world, apps, request())).outcome.kind).toBe('no-answer');
    apps.set(taskDefinitionArn, { latency: { medianMs: 1, sigma: 0 }, resetShare: 1 });
    expect((await send(world, apps, request())).outcome).toMatchObject({
      ...{ kind: 'transport', phase: 'reset' },
    });
  });

  it('find nobody behind an unknown name or a closed port', async () => {
    const { world, apps } = arrange();
    const { endpoint } = request();
    const unknown = request({ endpoint: { ...endpoint, address: 'api.example.com' } });
    expect((await send(world, apps, unknown)).outcome).toMatchObject({ phase: 'dns' });
    const closed = request({ endpoint: { ...endpoint, port: 81 } });
    expect((await send(world, apps, closed)).outcome).toMatchObject({ phase: 'connect' });
  });

  it('get the load balancer’s own answer where no task is left', async () => {
    const { world, apps } = arrange();
    world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
    world.runUntil(world.nowMs() + 20 * minuteMs);
    expect((await send(world, apps, request())).outcome).toMatchObject({ status: 503 });
  });
});

describe('tasks on machines that are gone', () => {
  /** Two tasks on two instances behind a load balancer, ECS being slow to notice that hosts are gone. */
  const arrangeOnInstances = (type: 'application' | 'network') => {
    const lab = createLab({ variants: { 'host-loss-noticed': 'within-five-minutes' } });
    const balancer = lab.world.aws.createLoadBalancer({
      ...{ name: 'web', type, dnsName: 'web.example.com', healthCheckIntervalSeconds: 10 },
      production: { port: 80, protocol: type === 'network' ? 'TCP' : 'HTTP' },
    });
    lab.managed({ scaleInAfter: -1 });
    lab.define(1_024, 1_024);
    lab.serve(2, { loadBalancers: balancer.asServiceLoadBalancers('app', 80) });
    lab.advance(10 * minuteMs);
    expect(lab.instances()).toHaveLength(2);
    return lab;
  };

  it.each([
    ['application', 5_000, { kind: 'no-answer' }],
    ['application', 15_000, { kind: 'answer', status: 504, elapsedMs: 10_000 }],
    ['network', 15_000, { kind: 'no-answer' }],
  ] as const)('answer no test call: %s, %d ms', async (type, timeoutMs, outcome) => {
    const { world, instances } = arrangeOnInstances(type);
    const before = await send(world, new Map(), request({ timeoutMs }));
    expect(before.outcome).toMatchObject({ kind: 'answer', status: 200 });
    for (const one of instances()) world.nature.instanceDies(one.containerInstanceArn);
    expect((await send(world, new Map(), request({ timeoutMs }))).outcome).toMatchObject(outcome);
  });

  it('answer no user: half of them, until the checks of the target group have failed', () => {
    const { world, instances, advance } = arrangeOnInstances('application');
    const users = createUsers(world, new Map());
    users.come({ service: 'web', dnsName: 'web.example.com', port: 80, everyMs: 100 });
    const failedIn = (forMs: number): number => {
      const before = users.requests()[0]?.failed ?? 0;
      advance(forMs);
      return (users.requests()[0]?.failed ?? 0) - before;
    };
    expect(failedIn(minuteMs)).toBe(0);
    world.nature.instanceDies(instances()[0]?.containerInstanceArn ?? '');
    expect(Math.abs(failedIn(20_000) - 100)).toBeLessThan(30);
    expect(failedIn(minuteMs)).toBe(0);
    for (const one of instances()) world.nature.instanceDies(one.containerInstanceArn);
    expect(failedIn(10_000)).toBeGreaterThan(90);
    advance(10 * minuteMs);
    expect(failedIn(minuteMs)).toBe(0);
  });
});

describe('routing', () => {
  it('goes by conditions, weights and health', () => {
    const { world, balancer } = arrange();
    const route = createRouter(world.account);
    const random = createStreams(4)('routes');
    const ask = (headers: Readonly<Record<string, string>>) =>
      route({ address: 'web.example.com', port: 80, method: 'GET', path: '/', headers }, random);
    const groupOf = (routed: ReturnType<typeof ask>) =>
      routed.kind === 'task' ? routed.targetGroupArn : routed.kind;
    const [primary, alternate] = balancer.targetGroupArns;
    expect(groupOf(ask({}))).toBe(primary);
    const rule = world.account.rules.get(balancer.testRuleArn ?? '');
    rule?.Actions.splice(0, 1, {
      Type: 'forward',
      ForwardConfig: {
        TargetGroups: [
          { TargetGroupArn: primary, Weight: 30 },
          { TargetGroupArn: alternate, Weight: 70 },
        ],
      },
    });
    const drawn = Array.from({ length: 200 }, () => groupOf(ask({ 'x-test': '1' })));
    // The alternate group has no targets: the load balancer answers in its place.
    const share = drawn.filter((group) => group === 'fixed').length / drawn.length;
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(0.8);
  });

  it.each([
    ['/api/*', '/api/x', true],
    ['/api/?', '/api/xy', false],
    ['*.example.com', 'A.Example.com', true],
    ['a.b', 'axb', false],
  ])('%s and %s', (pattern, text, matches) => expect(isLike(pattern, text)).toBe(matches));
});

describe('users', () => {
  it('are counted by who answered them, and by whether he did', () => {
    const { world, apps, taskDefinitionArn } = arrange();
    apps.set(taskDefinitionArn, { latency: { medianMs: 1, sigma: 0 }, errorShare: 0.5 });
    const users = createUsers(world, apps);
    users.come({ service: 'web', dnsName: 'web.example.com', port: 80, everyMs: 1_000 });
    world.runUntil(world.nowMs() + 200_000);
    const [requests] = users.requests();
    expect(requests).toMatchObject({ service: 'web', sent: 200, byRevision: { 'web:1': 200 } });
    expect(requests?.failed).toBeGreaterThan(70);
    expect(requests?.failed).toBeLessThan(130);
  });
});

describe('an application', () => {
  it('answers by path, and draws the same whatever it answers', () => {
    const apps = new Map<string, AppHttp>([
      ['web:1', { latency: { medianMs: 10, sigma: 0.1 }, paths: { '/sick': { status: 500 } } }],
    ]);
    const drawn = (path: string) => {
      const random = createStreams(1)('app');
      return Array.from({ length: 3 }, () => answerOf(apps, 'web:1', path, random));
    };
    const [well, sick] = [drawn('/'), drawn('/sick?x=1')];
    expect(sick).toMatchObject([{ status: 500 }, { status: 500 }, { status: 500 }]);
    expect(sick.map((one) => ({ ...one, status: 200 }))).toEqual(well);
  });
});
