import type { EventEnvelope, World } from './world.ts';

/** An instance of a cluster from its first event to its last, as its events tell it. */
export type InstanceLife = {
  readonly id: string;
  readonly ec2InstanceId: string;
  readonly zone: string;
  readonly registeredMs: number;
  readonly drainingMs: number | undefined;
  readonly goneMs: number | undefined;
};

const zoneAttribute = 'ecs.availability-zone';

/** Follows every instance of a world; call it before time begins to pass. */
export function followInstances(world: World): () => readonly InstanceLife[] {
  const lives = new Map<string, InstanceLife>();
  world.onEvent((event) => {
    const next = lifeAfter(event, lives, world.nowMs());
    if (next !== undefined) lives.set(next.id, next);
  });
  return () => [...lives.values()];
}

function lifeAfter(
  { detail, 'detail-type': type }: EventEnvelope,
  lives: ReadonlyMap<string, InstanceLife>,
  nowMs: number,
): InstanceLife | undefined {
  if (type !== 'ECS Container Instance State Change') return undefined;
  const id = String(detail.containerInstanceArn).split('/').at(-1) ?? '?';
  const life = lives.get(id) ?? {
    ...{ id, ec2InstanceId: String(detail.ec2InstanceId), zone: zoneIn(detail.attributes) },
    ...{ registeredMs: nowMs, drainingMs: undefined, goneMs: undefined },
  };
  if (detail.status === 'DRAINING') return { ...life, drainingMs: life.drainingMs ?? nowMs };
  if (detail.status === 'INACTIVE') return { ...life, goneMs: life.goneMs ?? nowMs };
  return life;
}

function zoneIn(attributes: unknown): string {
  const list: readonly unknown[] = Array.isArray(attributes) ? attributes : [];
  const found = list.map(Object).find(({ name }) => name === zoneAttribute);
  return String(found?.value ?? '-');
}
