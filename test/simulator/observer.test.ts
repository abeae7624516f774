import { describe, expect, it } from 'vitest';
import { observeWorld } from '../../simulator/observer.ts';
import { createLab, type Lab, minuteMs, secondMs, zoneOf } from './world-lab.ts';

const watch = (lab: Lab) => observeWorld(lab.world, () => {});

/** A steady service of two tasks on managed instances, watched from its first moment. */
function served(settings: Parameters<Lab['serve']>[1] = {}, definition = {}) {
  const lab = createLab();
  const observer = watch(lab);
  lab.managed({ scaleInAfter: -1 });
  lab.define(256, 512, definition);
  lab.serve(2, settings);
  lab.advance(10 * minuteMs + 5 * secondMs);
  return { lab, observer };
}

describe('the observer', () => {
  it('sees a dip that is over before the minute is', () => {
    const { lab, observer } = served();
    const stoppedMs = lab.world.nowMs();
    const [task] = lab.tasks();
    lab.world.ecs.stopTask({ cluster: 'prod', task: task?.taskArn ?? '' });
    lab.advance(5 * minuteMs);
    const after = observer.counts.filter(({ atMs }) => atMs >= stoppedMs);
    expect(after.at(0)).toMatchObject({ atMs: stoppedMs, running: 1, floor: 2 });
    const back = after.find(({ running }) => running === 2);
    expect((back?.atMs ?? Number.POSITIVE_INFINITY) - stoppedMs).toBeLessThan(minuteMs);
  });

  it('has one count of a service and moment, in the order of time', () => {
    const { lab, observer } = served();
    for (const { taskArn } of lab.tasks()) {
      lab.world.ecs.stopTask({ cluster: 'prod', task: taskArn });
    }
    lab.advance(5 * minuteMs);
    const times = observer.counts.map(({ atMs }) => atMs);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(observer.counts.at(-1)).toMatchObject({ running: 2 });
  });

  it('counts the zones that both the provider and the service have', () => {
    const subnets = ['subnet-a', 'subnet-b'];
    const { observer } = served({ networkConfiguration: { awsvpcConfiguration: { subnets } } });
    const { zones = {} } = observer.counts.at(-1) ?? {};
    expect(Object.keys(zones)).toEqual([zoneOf('a'), zoneOf('b')]);
  });

  it('takes a service bound to a zone, by itself or its definition, for one that ECS leaves alone', () => {
    const bound = {
      placementConstraints: [
        { type: 'memberOf' as const, expression: 'attribute:ecs.availability-zone =~ eu.*' },
      ],
    };
    const isRebalanced = ({ observer }: ReturnType<typeof served>) =>
      observer.counts.at(-1)?.isRebalanced;
    expect([served(), served(bound), served({}, bound)].map(isRebalanced)).toEqual([
      ...[true, false, false],
    ]);
  });
});
