import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../functions/deployment-hook/memory.ts';
import { decodeState } from '../../shared/domain/gate-state.ts';
import { readRawDetails } from '../../shared/events/hook-details.ts';
import { clusterArnOf, type HookEvent, parseHookEvent } from '../../shared/events/hook-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';

const folder = 'events/deployment-hook';
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));

const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
const green = `${prefix}:service-revision/prod/checkout/4669329758905560079`;
const blue = `${prefix}:service-revision/prod/checkout/9079553447853861669`;
const hookDetails = { checks: [{ name: 'cart', path: '/cart' }], alarms: ['checkout-5xx'] };

/** A call at the gated stage; each expectation says what is different. */
const call: Omit<HookEvent, 'executionId'> = {
  stage: 'POST_TEST_TRAFFIC_SHIFT',
  deploymentArn: `${prefix}:service-deployment/prod/checkout/YjraCKJMs5odI9QIwLwR1`,
  serviceArn: `${prefix}:service/prod/checkout`,
  cluster: 'prod',
  service: 'checkout',
  targetRevisionArn: green,
  testWeights: {},
  productionWeights: {},
  hookDetails,
};

const parsed: Readonly<Record<string, Partial<HookEvent>>> = {
  'reconcile-service.json': {
    stage: 'RECONCILE_SERVICE',
    testWeights: { [green]: 100, [blue]: 0 },
    productionWeights: { [green]: 100, [blue]: 0 },
  },
  'pre-scale-up.json': { stage: 'PRE_SCALE_UP' },
  'post-scale-up.json': { stage: 'POST_SCALE_UP' },
  'test-traffic-shift.json': {
    stage: 'TEST_TRAFFIC_SHIFT',
    testWeights: { [green]: 100, [blue]: 0 },
  },
  'post-test-traffic-shift.json': {},
  'pre-production-traffic-shift.json': {
    stage: 'PRE_PRODUCTION_TRAFFIC_SHIFT',
    productionWeights: { [green]: 0, [blue]: 100 },
  },
  'production-traffic-shift.json': {
    stage: 'PRODUCTION_TRAFFIC_SHIFT',
    productionWeights: { [green]: 100, [blue]: 0 },
  },
  'post-production-traffic-shift.json': { stage: 'POST_PRODUCTION_TRAFFIC_SHIFT' },
  'linear-step.json': {
    stage: 'PRODUCTION_TRAFFIC_SHIFT',
    productionWeights: { [green]: 30.5, [blue]: 69.5 },
  },
  'canary-step.json': {
    stage: 'PRE_PRODUCTION_TRAFFIC_SHIFT',
    productionWeights: { [green]: 2.5, [blue]: 97.5 },
  },
  'rollback-production.json': {
    stage: 'PRODUCTION_TRAFFIC_SHIFT',
    productionWeights: { [green]: 0, [blue]: 100 },
  },
  'rollback-test.json': {
    stage: 'TEST_TRAFFIC_SHIFT',
    testWeights: { [green]: 0, [blue]: 100 },
  },
  'first-deployment.json': { stage: 'TEST_TRAFFIC_SHIFT', testWeights: { [green]: 100 } },
  'second-poll.json': { hookDetails: { ...hookDetails, ballastState: expect.any(String) } },
  'details-as-string.json': { hookDetails: JSON.stringify(hookDetails) },
  'details-missing.json': { hookDetails: undefined },
  'details-invalid.json': {
    hookDetails: { checks: [{ path: '/cart', expects: { status: 200 } }] },
  },
  'flat.json': {},
  'keys-shuffled.json': {
    stage: 'PRODUCTION_TRAFFIC_SHIFT',
    productionWeights: { [green]: 100, [blue]: 0 },
  },
  'unknown-stage.json': { stage: 'POST_CLEAN_UP_CHECK', hookDetails: undefined },
  'unknown-fields.json': {},
};

const refused: Readonly<Record<string, string>> = {
  'malformed-empty.json': 'event.lifecycleStage: expected a value, got nothing',
  'malformed-no-execution-details.json': 'event.executionDetails: expected a value, got nothing',
  'malformed-deployment-arn.json': `event.resourceArn: expected a service-deployment ARN, got "${prefix}:service/prod/checkout"`,
  'malformed-service-arn.json': `event.executionDetails.serviceArn: expected a service ARN, got "${prefix}:service/checkout"`,
  'malformed-weights.json': `event.executionDetails.productionTrafficWeights.${green}: expected a number, got "100"`,
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('every sample payload of the deployment hook', () => {
  it.each(readdirSync(folder).sort())('%s is read as expected', (file) => {
    const wanted = parsed[file];
    const sentence = refused[file];
    if (wanted !== undefined) {
      expect(parseHookEvent(read(file))).toEqual({
        ...call,
        executionId: expect.stringMatching(uuid),
        ...wanted,
      });
      return;
    }
    expect(sentence, `${file} needs an expectation in this test`).toBeTypeOf('string');
    expect(() => parseHookEvent(read(file))).toThrow(new MalformedInput(sentence));
  });

  it('has a file for every expectation', () => {
    expect([...Object.keys(parsed), ...Object.keys(refused)].sort()).toEqual(
      readdirSync(folder).sort(),
    );
  });

  it('brings back with the second poll a state that belongs to its configuration', () => {
    const { config, state } = readRawDetails(parseHookEvent(read('second-poll.json')).hookDetails);
    const decoded = decodeState(state);
    expect(config).toEqual(hookDetails);
    expect(decoded).toMatchObject({ configHash: hashOf(config), calls: 1 });
    expect(decoded?.samples.cart?.green.latencies).toHaveLength(20);
  });
});

describe('a hook event', () => {
  const event = (changes: object = {}) => ({
    lifecycleStage: 'POST_SCALE_UP',
    resourceArn: call.deploymentArn,
    executionDetails: { serviceArn: call.serviceArn, targetServiceRevisionArn: green },
    ...changes,
  });

  it('may come without weights and without an execution id', () => {
    expect(parseHookEvent(event())).toEqual({
      ...call,
      executionId: undefined,
      stage: 'POST_SCALE_UP',
      hookDetails: undefined,
    });
  });

  it('is read in every partition', () => {
    const china = JSON.parse(JSON.stringify(event()).replaceAll('arn:aws:', 'arn:aws-cn:'));
    expect(parseHookEvent(china).serviceArn).toMatch(/^arn:aws-cn:ecs:/);
  });

  it.each([
    ['nothing', undefined, 'event: expected an object, got nothing'],
    ['null', null, 'event: expected an object, got null'],
    ['a text', 'event', 'event: expected an object, got "event"'],
    ['a list', [], 'event.lifecycleStage: expected a value, got nothing'],
    [
      'an empty stage',
      event({ lifecycleStage: '' }),
      'event.lifecycleStage: expected the name of a stage, got ""',
    ],
    [
      'a number for the execution id',
      event({ executionId: 7 }),
      'event.executionId: expected text, got 7',
    ],
  ])('that is %s is refused by name', (_, value, sentence) => {
    expect(() => parseHookEvent(value)).toThrow(new MalformedInput(sentence));
  });

  it('quotes no more of a wrong value than a log line can carry', () => {
    const long = event({ resourceArn: 'x'.repeat(5_000) });
    expect(() => parseHookEvent(long)).toThrow(/^event\.resourceArn: .{1,150}…$/);
  });

  it('names the cluster that its service stands in', () => {
    expect(clusterArnOf(call.serviceArn)).toBe(`${prefix}:cluster/prod`);
  });
});
