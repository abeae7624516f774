import { beforeAll, describe, expect, it } from 'vitest';
import { compileEventPattern } from '../../simulator/event-pattern.ts';
import { eventRulesOf, sampleEventsOf } from '../support/event-rules.ts';
import { fields, readTemplate } from '../support/template.ts';
import { arnOf, createMoto } from './moto.ts';
import { createStack, stackName } from './stack.ts';

const moto = createMoto(process.env.MOTO_ENDPOINT ?? '');
const clusterArn = arnOf('ecs', 'cluster/prod');
const rules = eventRulesOf(readTemplate(), { ClusterArns: [clusterArn] });

/** Every operator that the matcher knows, on fields that the samples have or lack. */
const probes: readonly unknown[] = [
  { source: [{ prefix: 'aws.' }], detail: { stopCode: [{ exists: true }] } },
  { detail: { stopCode: [{ exists: false }] } },
  { 'detail-type': [{ prefix: 'ECS Task' }, 'ECS Hook State Change'] },
  { detail: { stopCode: [{ 'anything-but': 'EssentialContainerExited' }] } },
  { detail: { launchType: [{ 'anything-but': ['EC2', 'FARGATE'] }] } },
  { detail: { eventName: [{ 'anything-but': { prefix: 'SERVICE_' } }] } },
  { detail: { group: [{ prefix: 'family:' }], version: [5, 7] } },
  { detail: { reason: [{ exists: true }], eventType: ['ERROR'] } },
  { resources: [{ prefix: 'arn:aws:ecs:eu-central-1:123456789012:service/' }] },
  { region: ['eu-central-1'], detail: { enableExecuteCommand: [false] } },
];

/** PutEvents takes nothing without source, type or details. */
const samples = sampleEventsOf('task-state').filter(({ event }) => {
  const { source, 'detail-type': type, detail } = fields(event, 'event');
  return typeof source === 'string' && typeof type === 'string' && typeof detail === 'object';
});

/** The file name travels in the details: moto gives events new ids. */
const marked = samples.map(({ file, event }) => {
  const whole = fields(event, 'event');
  return { ...whole, detail: { ...fields(whole.detail, 'detail'), sampleFile: file } };
});

const filesIn = async (queue: string): Promise<readonly string[]> =>
  (await moto.drain(queue))
    .map(({ Body }) => fields(fields(JSON.parse(Body), 'event').detail, 'detail').sampleFile)
    .map(String)
    .sort();

const filesThat = (matches: (event: unknown) => boolean): readonly string[] =>
  samples
    .filter((_, at) => matches(marked[at]))
    .map(({ file }) => file)
    .sort();

describe('EventBridge, as moto has it', () => {
  beforeAll(async () => {
    await moto.reset();
    await createStack(moto, { ClusterArns: clusterArn });
    const patterns = [...rules.map(({ pattern }) => pattern), ...probes];
    for (const [at, pattern] of patterns.entries()) {
      const Rule = `probe-${at}`;
      const Arn = await moto.createQueue(Rule);
      await moto.json('events', 'PutRule', { Name: Rule, EventPattern: JSON.stringify(pattern) });
      await moto.json('events', 'PutTargets', { Rule, Targets: [{ Id: 'queue', Arn }] });
    }
    await moto.putEvents(marked);
  });

  it('has the patterns of the template', async () => {
    const { Rules } = await moto.json<{
      readonly Rules: readonly { readonly Name: string; readonly EventPattern: string }[];
    }>('events', 'ListRules', { NamePrefix: stackName });
    const deployed = Rules.map(({ EventPattern }) => JSON.parse(EventPattern));
    expect(deployed).toEqual(expect.arrayContaining(rules.map(({ pattern }) => pattern)));
    expect(deployed).toHaveLength(rules.length);
  });

  it('puts into the queue what the rules let through, each once', async () => {
    const arrived = await filesIn(`${stackName}-task-state`);
    const own = rules.filter(({ resource }) =>
      JSON.stringify(resource.properties.Targets).includes('TaskStateQueue'),
    );
    expect(arrived).toEqual(filesThat((event) => own.some(({ matches }) => matches(event))));
    expect(arrived.length).toBeGreaterThan(50);
    expect(samples.length - arrived.length).toBeGreaterThan(5);
  });

  it.each(rules.map(({ id, matches }, at) => ({ id, matches, queue: `probe-${at}` })))(
    'reads the pattern of $id as our matcher does',
    async ({ matches, queue }) => expect(await filesIn(queue)).toEqual(filesThat(matches)),
  );

  it.each(probes.map((pattern, at) => [JSON.stringify(pattern), `probe-${rules.length + at}`]))(
    'reads %s as our matcher does',
    async (pattern, queue) => {
      const expected = filesThat(compileEventPattern(JSON.parse(pattern)));
      expect(await filesIn(queue)).toEqual(expected);
      expect(expected).not.toEqual([]);
      expect(expected.length).toBeLessThan(samples.length);
    },
  );
});
