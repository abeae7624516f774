import { describe, expect, it } from 'vitest';
import { createLab, type Lab, minuteMs, zoneOf } from './world-lab.ts';

/** A Fargate service, and two more tasks than before, some minutes on. */
function grow(lab: Lab): void {
  const { desiredCount = 0 } = lab.service();
  lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: desiredCount + 3 });
  lab.advance(3 * minuteMs);
}

describe('two spells of one thing that overlap', () => {
  it.each([
    ['one inside the other', 60, 10],
    ['one after the other', 10, 60],
  ])('keep a zone out until both are over: %s', (_, first, second) => {
    const lab = createLab();
    lab.define(256, 512);
    lab.serve(3, { launchType: 'FARGATE' });
    lab.advance(10 * minuteMs);
    lab.world.nature.zoneOutage(zoneOf('a'), first * minuteMs);
    lab.advance(5 * minuteMs);
    lab.world.nature.zoneOutage(zoneOf('a'), second * minuteMs);
    lab.advance(20 * minuteMs);
    grow(lab);
    expect(lab.spread()).not.toContain('a');
    lab.advance(60 * minuteMs);
    grow(lab);
    expect(lab.spread()).toContain('a');
  });

  it('keep an image missing until both are over, and for good where one has no end', () => {
    const lab = createLab();
    lab.define(256, 512);
    const { imageMissing } = lab.world.nature;
    imageMissing('web:1', 30 * minuteMs);
    imageMissing('web:1', 5 * minuteMs);
    lab.advance(10 * minuteMs);
    lab.serve(1, { launchType: 'FARGATE' });
    lab.advance(15 * minuteMs);
    expect(lab.service().runningCount).toBe(0);
    lab.advance(60 * minuteMs);
    expect(lab.service().runningCount).toBe(1);
    imageMissing('web:1');
    imageMissing('web:1', minuteMs);
    lab.advance(10 * minuteMs);
    grow(lab);
    expect(lab.service().runningCount).toBe(1);
  });

  it('keep optimisation still until both are over', () => {
    const lab = createLab();
    lab.managed({ scaleInAfter: 60 });
    lab.define(256, 512);
    lab.serve(3);
    lab.advance(10 * minuteMs);
    lab.world.nature.optimizerStops('mi', 60 * minuteMs);
    lab.world.nature.optimizerStops('mi', 5 * minuteMs);
    lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
    lab.advance(30 * minuteMs);
    const before = lab.instances().length;
    lab.advance(60 * minuteMs);
    expect([before > 0, lab.instances().length]).toEqual([true, 0]);
  });
});
