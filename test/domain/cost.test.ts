import { describe, expect, it } from 'vitest';
import {
  type CostPolicy,
  costOf,
  defaultCostPolicy,
  priceGapText,
} from '../../shared/domain/cost.ts';
import { type RegionPrices, shippedPrices } from '../../shared/domain/prices/region-prices.ts';
import { costExclusions, usdText } from '../../shared/domain/saving.ts';
import {
  densityWorld,
  type Size,
  type TaskSpec,
  type WorldSpec,
} from '../support/density-worlds.ts';

const gib = 1_024;

/** Costs of the one group of a world, at the prices that come with this version. */
function judge(
  spec: WorldSpec,
  policy: Partial<CostPolicy> = {},
  prices: RegionPrices | undefined = shippedPrices(spec.region ?? 'us-east-1'),
) {
  const [group, ...others] = costOf(densityWorld(spec), prices, {
    ...defaultCostPolicy,
    ...policy,
  });
  if (group === undefined || others.length > 0) throw new Error('expected one group');
  return group;
}

const architectureOf = (type: string): string => (/^\w\d+g/.test(type) ? 'arm64' : 'x86_64');

/** One managed instance of a type, full with one task as large as itself. */
const fullInstance = (region: string, type: string, vcpu: number, gigabytes: number): WorldSpec => {
  const size: Size = [vcpu * 1_024, gigabytes * gib];
  return {
    region,
    instances: {
      general: [{ type, size, architecture: architectureOf(type), tasks: [{ size }] }],
    },
  };
};

type Row = readonly [
  type: string,
  vcpu: number,
  gigabytes: number,
  ec2: string,
  fee: string | undefined,
  here: string,
  fargate: string,
  breakEvenPercent: string,
];

describe('break-even fill: EC2 and fee through the Fargate price of the whole instance', () => {
  const virginia: readonly Row[] = [
    ['t3.large', 2, 8, '0.0832', '0.00998', '0.09318', '0.11652', '80.0'],
    ['t4g.large', 2, 8, '0.0672', '0.00806', '0.07526', '0.09324', '80.7'],
    ['c6a.large', 2, 4, '0.0765', '0.00918', '0.08568', '0.09874', '86.8'],
    ['c6g.large', 2, 4, '0.0680', '0.00816', '0.07616', '0.07900', '96.4'],
    ['c7g.large', 2, 4, '0.0725', '0.00870', '0.08120', '0.07900', '102.8'],
    ['m6a.large', 2, 8, '0.0864', '0.01037', '0.09677', '0.11652', '83.0'],
    ['m6g.large', 2, 8, '0.0770', '0.00924', '0.08624', '0.09324', '92.5'],
    ['m7g.large', 2, 8, '0.0816', '0.00979', '0.09139', '0.09324', '98.0'],
    ['m6i.large', 2, 8, '0.0960', '0.01152', '0.10752', '0.11652', '92.3'],
    ['r6g.large', 2, 16, '0.1008', '0.01210', '0.11290', '0.12172', '92.8'],
    ['r5a.large', 2, 16, '0.1130', '0.01356', '0.12656', '0.15208', '83.2'],
    ['r7a.medium', 1, 8, '0.07608', '0.00913', '0.08521', '0.07604', '112.1'],
    ['c6a.xlarge', 4, 8, '0.1530', '0.01836', '0.17136', '0.19748', '86.8'],
  ];
  const tokyo: readonly Row[] = [
    ['t3.large', 2, 8, '0.1088', undefined, '0.12186', '0.14536', '83.8'],
    ['t4g.large', 2, 8, '0.0864', undefined, '0.09677', '0.11626', '83.2'],
    ['c6a.large', 2, 4, '0.0963', undefined, '0.10786', '0.12324', '87.5'],
    ['c6g.large', 2, 4, '0.0856', undefined, '0.09587', '0.09858', '97.3'],
    ['c7g.large', 2, 4, '0.0910', undefined, '0.10192', '0.09858', '103.4'],
    ['m6a.large', 2, 8, '0.1116', undefined, '0.12499', '0.14536', '86.0'],
    ['m6g.large', 2, 8, '0.0990', undefined, '0.11088', '0.11626', '95.4'],
    ['m7g.large', 2, 8, '0.1054', undefined, '0.11805', '0.11626', '101.5'],
    ['r6g.large', 2, 16, '0.1216', undefined, '0.13619', '0.15162', '89.8'],
    ['c6a.xlarge', 4, 8, '0.1926', undefined, '0.21571', '0.24648', '87.5'],
  ];
  const rows = [
    ...virginia.map((row) => ['us-east-1', ...row] as const),
    ...tokyo.map((row) => ['ap-northeast-1', ...row] as const),
  ];

  it.each(rows)(
    '%s %s (%i vCPU, %i GB): %s + fee %s = %s; Fargate %s; %s %%',
    (region, type, vcpu, gigabytes, ec2, fee, here, fargate, breakEvenPercent) => {
      const found = judge(fullInstance(region, type, vcpu, gigabytes));
      const digits = ec2.split('.')[1]?.length ?? 0;
      expect(found.here?.ec2UsdPerHour.toFixed(digits)).toBe(ec2);
      if (fee !== undefined) expect(found.here?.feeUsdPerHour.toFixed(5)).toBe(fee);
      expect(found.here?.usdPerHour.toFixed(5)).toBe(here);
      expect(found.fargate?.usdPerHour.toFixed(5)).toBe(fargate);
      expect(found.fargate?.exactUsdPerHour).toBe(found.fargate?.usdPerHour);
      expect(found.comparison?.fillShare).toBe(1);
      expect((100 * (found.comparison?.breakEvenFillShare ?? 0)).toFixed(1)).toBe(breakEvenPercent);
      expect(found.here?.isFeeEstimated).toBe(true);
    },
  );
});

describe('tasks an instance needs, and how many fit', () => {
  /** What a machine of 4 or 8 GB registers: the agent keeps some. */
  const registered = { 4: 3_767, 8: 7_763 } as const;
  type Need = readonly [exact: string, needed: number, fit: number];
  const sizes: readonly Size[] = [
    [256, 512],
    [512, 1 * gib],
    [512, 2 * gib],
    [1_024, 2 * gib],
  ];
  const rows: readonly (readonly [string, 4 | 8, readonly Need[]])[] = [
    [
      'c6a.large',
      4,
      [
        ['6.94', 7, 7],
        ['3.47', 4, 3],
        ['2.94', 3, 1],
        ['1.74', 2, 1],
      ],
    ],
    [
      'm6a.large',
      8,
      [
        ['7.84', 8, 8],
        ['3.92', 4, 4],
        ['3.32', 4, 3],
        ['1.96', 2, 2],
      ],
    ],
    [
      't3.large',
      8,
      [
        ['7.55', 8, 8],
        ['3.77', 4, 4],
        ['3.20', 4, 3],
        ['1.89', 2, 2],
      ],
    ],
    [
      'c6g.large',
      4,
      [
        ['7.71', 8, 7],
        ['3.86', 4, 3],
        ['3.27', 4, 1],
        ['1.93', 2, 1],
      ],
    ],
    [
      'm6g.large',
      8,
      [
        ['8.73', 9, 8],
        ['4.37', 5, 4],
        ['3.70', 4, 3],
        ['2.18', 3, 2],
      ],
    ],
  ];
  const cases = rows.flatMap(([type, gigabytes, needs]) =>
    needs.flatMap(([exact, needed, fit], at) => {
      const size = sizes[at];
      return size === undefined ? [] : [[type, gigabytes, ...size, exact, needed, fit] as const];
    }),
  );

  it.each(cases)(
    '%s (%i GB), tasks of %i units and %i MiB: %s, so %i; %i fit',
    (type, gigabytes, cpuUnits, memoryMiB, exact, needed, fit) => {
      const { comparison } = judge({
        instances: {
          general: [
            {
              type,
              architecture: architectureOf(type),
              size: [2 * 1_024, registered[gigabytes]],
              tasks: [{ size: [cpuUnits, memoryMiB] }],
            },
          ],
        },
      });
      expect((1 / (comparison?.ratio ?? 0)).toFixed(2)).toBe(exact);
      expect(comparison).toMatchObject({ breakEvenTasks: needed, tasksFit: fit });
    },
  );
});

/** So many managed c6a.large (.0765 an hour each), the first with the tasks. */
const machines = (count: number, tasks: readonly TaskSpec[], said: object = {}): WorldSpec => ({
  instances: {
    general: Array.from({ length: count }, (_, at) => ({ ...said, tasks: at === 0 ? tasks : [] })),
  },
});
const quarter: TaskSpec = { size: [256, 512] };

describe('the verdict', () => {
  it('8 x .0765 + 12 % are 500.37 a month, 19 tasks of .0123425 are 171.19: cheaper on Fargate', () => {
    const found = judge(machines(8, [{ ...quarter, times: 19 }]));
    expect(found).toMatchObject({
      reason: 'cheaper-on-fargate',
      instances: 8,
      tasks: 19,
      gaps: [],
    });
    expect(found.here?.usdPerMonth.toFixed(2)).toBe('500.37');
    expect(found.fargate?.usdPerMonth.toFixed(2)).toBe('171.19');
    expect(found.comparison?.savingUsdPerMonth.toFixed(2)).toBe('329.18');
    // .68544 / .0123425 = 55.53
    expect(found.comparison?.breakEvenTasks).toBe(56);
  });

  it('7 tasks on one c6a.large: .0863975 on Fargate, .08568 here: cheaper here', () => {
    expect(judge(machines(1, [{ ...quarter, times: 7 }])).reason).toBe('cheaper-here');
  });

  it('6 tasks save 8.49 a month, 13.6 %: too small by either bound', () => {
    const world = machines(1, [{ ...quarter, times: 6 }]);
    const minima = (savingShareMin: number, savingUsdPerMonthMin: number) =>
      judge(world, { savingShareMin, savingUsdPerMonthMin }).reason;
    expect(judge(world).comparison?.savingUsdPerMonth.toFixed(2)).toBe('8.49');
    expect(minima(0.15, 50)).toBe('saving-too-small');
    expect(minima(0.13, 50)).toBe('saving-too-small');
    expect(minima(0.15, 8)).toBe('saving-too-small');
    expect(minima(0.13, 8)).toBe('cheaper-on-fargate');
  });

  /** One instance of .1 an hour, a task on Fargate of exactly .085: 15 % and 10.95 a month less. */
  const round: RegionPrices = {
    region: 'us-east-1',
    source: 'test',
    ec2UsdPerHour: new Map([['c6a.large', 0.1]]),
    managementUsdPerHour: new Map(),
    fargate: new Map([['x86_64', { vcpuUsdPerHour: 0.06, gbUsdPerHour: 0.0125 }]]),
  };
  const own = (times: number): WorldSpec => ({
    providers: [{ name: 'own', compute: 'ec2' }],
    instances: { own: [{ tasks: [{ size: [1_024, 2 * gib], times }] }] },
  });

  it.each<[string, Partial<CostPolicy>, string]>([
    [
      'exactly 15 % and 10.95 USD are enough',
      { savingUsdPerMonthMin: 10.95 },
      'cheaper-on-fargate',
    ],
    ['a cent less is not', { savingUsdPerMonthMin: 10.96 }, 'saving-too-small'],
    ['.1 % less is not', { savingShareMin: 0.151, savingUsdPerMonthMin: 1 }, 'saving-too-small'],
    ['with 15 % off EC2 both cost the same: here', { ec2DiscountShare: 0.15 }, 'cheaper-here'],
  ])('%s', (_, policy, reason) => {
    expect(judge(own(1), policy, round).reason).toBe(reason);
  });

  /** The same with other prices: of the instance, and of a task of a quarter vCPU and half a GB. */
  const pricedAt = (here: number, fargate: readonly [vcpu: number, gb: number]): RegionPrices => ({
    ...round,
    ec2UsdPerHour: new Map([['c6a.large', here]]),
    fargate: new Map([['x86_64', { vcpuUsdPerHour: fargate[0], gbUsdPerHour: fargate[1] }]]),
  });
  const small: WorldSpec = {
    providers: [{ name: 'own', compute: 'ec2' }],
    instances: { own: [{ tasks: [quarter] }] },
  };

  it('.017 is 15 % less than .02, though as binary numbers it is a little less less', () => {
    const found = judge(small, { savingUsdPerMonthMin: 2 }, pricedAt(0.02, [0.06, 0.004]));
    expect(found.fargate?.usdPerHour.toFixed(6)).toBe('0.017000');
    expect(found.reason).toBe('cheaper-on-fargate');
  });

  it('equal cost is not yet strictly cheaper: 3 tasks of .1 cost .3, so 4 are needed', () => {
    const found = judge(small, {}, pricedAt(0.3, [0.2, 0.1]));
    expect(1 / (found.comparison?.ratio ?? 0)).toBeCloseTo(3, 12);
    expect(found.comparison?.breakEvenTasks).toBe(4);
  });

  it('no instances, no tasks, nothing but daemons: no comparison', () => {
    expect(judge({ providers: [{ name: 'empty' }] })).toMatchObject({
      reason: 'no-instances',
      here: undefined,
      gaps: [],
    });
    const idle = judge(machines(2, []));
    expect(idle).toMatchObject({ reason: 'no-tasks', comparison: undefined });
    expect(idle.here?.usdPerMonth.toFixed(2)).toBe('125.09');
    const daemons = judge({
      ...machines(1, [{ service: 'logs' }]),
      services: { logs: { schedulingStrategy: 'DAEMON' } },
    });
    expect(daemons).toMatchObject({ reason: 'no-tasks', tasks: 0 });
  });

  it('machines of ECS Anywhere have no price', () => {
    const found = judge({
      providers: [],
      instances: { '': [{ compute: 'external', tasks: [quarter] }] },
    });
    expect(found).toMatchObject({
      reason: 'external-has-no-price',
      here: undefined,
      fargate: undefined,
      gaps: [],
    });
  });

  it('instances that drain are no part of it, nor is what runs on them', () => {
    const found = judge({
      instances: {
        general: [{ tasks: [quarter] }, { status: 'DRAINING', tasks: [{ ...quarter, times: 9 }] }],
      },
    });
    expect(found).toMatchObject({ instances: 1, tasks: 1 });
    expect(found.here?.ec2UsdPerHour).toBe(0.0765);
  });
});

describe('what instances cost', () => {
  const costs = (spec: WorldSpec, policy: Partial<CostPolicy> = {}, prices?: RegionPrices) =>
    judge(spec, policy, ...(prices === undefined ? [] : [prices])).here;

  it('a discount of 40 % on .0765 leaves .0459; the fee stays .00918', () => {
    const here = costs(machines(1, [quarter]), { ec2DiscountShare: 0.4 });
    expect(here?.ec2UsdPerHour.toFixed(5)).toBe('0.04590');
    expect(here?.feeUsdPerHour.toFixed(5)).toBe('0.00918');
  });

  it('instances of your own have no fee', () => {
    const here = costs({
      providers: [{ name: 'asg', compute: 'ec2' }],
      instances: { asg: [{ tasks: [quarter] }] },
    });
    expect(here).toMatchObject({ feeUsdPerHour: 0, isFeeEstimated: false, usdPerHour: 0.0765 });
  });

  it('a fee that was read goes over the estimate', () => {
    const shipped = shippedPrices('us-east-1');
    if (shipped === undefined) throw new Error('no prices');
    const read = { ...shipped, managementUsdPerHour: new Map([['c6a.large', 0.01]]) };
    expect(costs(machines(2, [quarter]), {}, read)).toMatchObject({
      feeUsdPerHour: 0.02,
      isFeeEstimated: false,
    });
    const mixed = { instances: { general: [{ tasks: [quarter] }, { type: 'm6a.large' }] } };
    expect(costs(mixed, {}, read)?.isFeeEstimated).toBe(true);
  });

  it('volumes of 6.40 a month push c6a.large from 86.8 % to 95.7 %, and are named while left out', () => {
    const full = fullInstance('us-east-1', 'c6a.large', 2, 4);
    const policy = { ...defaultCostPolicy, volumesUsdPerMonth: 6.4 };
    const found = judge(full, policy);
    expect(found.here?.volumesUsdPerHour.toFixed(4)).toBe('0.0088');
    expect((100 * (found.comparison?.breakEvenFillShare ?? 0)).toFixed(1)).toBe('95.7');
    expect(costExclusions(defaultCostPolicy)).toContain('volumes of the instances');
    expect(costExclusions(policy)).not.toContain('volumes of the instances');
  });

  it('volumes are counted an instance: 2 x 6.40 a month', () => {
    const here = costs(machines(2, [quarter]), { volumesUsdPerMonth: 6.4 });
    expect((730 * (here?.volumesUsdPerHour ?? 0)).toFixed(2)).toBe('12.80');
  });

  it('types of all kinds are summed: .0765 + 2 x .0864', () => {
    const type = 'm6a.large';
    const here = costs({ instances: { general: [{ type }, { tasks: [quarter] }, { type }] } });
    expect(here?.ec2UsdPerHour.toFixed(4)).toBe('0.2493');
  });
});

describe('what Fargate would cost', () => {
  it('300 units and 700 MiB are billed as 512 and 1024: the verdict goes by what is billed', () => {
    const { fargate, comparison } = judge(machines(1, [{ size: [300, 700] }]));
    // 300/1024 x .04048 + 700/1024 x .004445, against .02024 + .004445.
    expect(fargate?.exactUsdPerHour.toFixed(6)).toBe('0.014898');
    expect(fargate?.usdPerHour.toFixed(6)).toBe('0.024685');
    expect(comparison?.ratio.toFixed(4)).toBe((0.024685 / 0.08568).toFixed(4));
    // The line moves with it: fill and break-even compare as the two costs do.
    expect(comparison?.breakEvenFillShare).toBeCloseTo(
      (comparison?.fillShare ?? 0) / (comparison?.ratio ?? 1),
      12,
    );
  });

  it('goes by the architecture of the task, then of its instance, in whatever letters', () => {
    const arm = judge(machines(1, [{ ...quarter, architecture: 'ARM64' }])).fargate?.usdPerHour;
    const x86 = judge(machines(1, [{ ...quarter, architecture: undefined }])).fargate?.usdPerHour;
    expect(arm?.toFixed(6)).toBe((0.25 * 0.03238 + 0.5 * 0.00356).toFixed(6));
    expect(x86?.toFixed(6)).toBe((0.25 * 0.04048 + 0.5 * 0.004445).toFixed(6));
  });

  it('a daemon costs nothing there, takes room here, and is named', () => {
    const logs: TaskSpec = { service: 'logs', size: [1_024, 1_024] };
    const found = judge({
      ...machines(1, [{ ...quarter, times: 2 }, logs]),
      services: { logs: { schedulingStrategy: 'DAEMON' } },
    });
    expect(found.fargate?.usdPerHour).toBeCloseTo(2 * 0.0123425, 10);
    // 1024 units are left: 4 tasks; of memory 2743 MiB: 5.
    expect(found.comparison?.tasksFit).toBe(4);
    expect(found.changes).toEqual([
      { reason: 'daemon-goes-with-its-instance', subject: 'logs', tasks: 1 },
    ]);
  });

  it('a daemon takes memory as well: 2743 MiB are left, so 2 tasks of 1 GB fit, not 3', () => {
    const { comparison } = judge({
      ...machines(1, [{ size: [256, 1_024] }, { service: 'logs', size: [16, 1_024] }]),
      services: { logs: { schedulingStrategy: 'DAEMON' } },
    });
    expect(comparison?.tasksFit).toBe(2);
  });

  it('names tasks without a network interface of their own, and compares them all the same', () => {
    const found = judge(machines(8, [{ ...quarter, hasEni: false, times: 2 }, quarter]));
    expect(found.reason).toBe('cheaper-on-fargate');
    expect(found.changes).toEqual([
      { reason: 'network-mode-must-change', subject: 'api', tasks: 2 },
    ]);
  });
});

describe('room', () => {
  const instanceTypes = { 'c6a.large': { vCpus: 2, memoryMiB: 4096, eniMax: 3 } };

  const providers = [{ name: 'general', compute: 'ec2' as const }];

  it('interfaces limit what CPU and memory would let in: 2 fit, not 7', () => {
    const world = { ...machines(1, [quarter]), instanceTypes, providers };
    expect(judge(world).comparison).toMatchObject({ breakEvenTasks: 7, tasksFit: 2 });
  });

  it('interfaces limit nothing where a task goes without, or where they are shared out', () => {
    const bridge = machines(1, [quarter, { ...quarter, hasEni: false }]);
    expect(judge({ ...bridge, instanceTypes, providers }).comparison?.tasksFit).toBe(7);
    const trunked = machines(1, [quarter], { attributes: { 'ecs.awsvpc-trunk-id': 'eni-1' } });
    expect(judge({ ...trunked, instanceTypes, providers }).comparison?.tasksFit).toBe(7);
    const managed = machines(1, [quarter]);
    expect(judge({ ...managed, instanceTypes }).comparison?.tasksFit).toBe(7);
  });

  it('is counted an instance at a time: two halves hold no whole', () => {
    const found = judge({
      instances: {
        general: [
          { size: [1_024, 2_048], tasks: [{ size: [1_024, 2_048] }] },
          { size: [512, 1_024] },
          { size: [512, 1_024] },
        ],
      },
    });
    expect(found.comparison?.tasksFit).toBe(1);
  });

  it('is not negative where a daemon takes more than there is', () => {
    const found = judge({
      services: { logs: { schedulingStrategy: 'DAEMON' } },
      instances: {
        general: [
          { size: [256, 512], tasks: [{ service: 'logs', size: [512, 600] }] },
          { size: [256, 512], tasks: [quarter] },
        ],
      },
    });
    expect(found.comparison?.tasksFit).toBe(1);
  });

  it('has no fill where an instance does not say its architecture: half a sum is none', () => {
    const found = judge({
      instances: { general: [{ tasks: [quarter] }, { architecture: undefined }] },
    });
    expect(found.comparison).toMatchObject({ fillShare: undefined, breakEvenTasks: 14 });
  });

  it('has no fill where nothing is registered', () => {
    const found = judge({ instances: { general: [{ size: [0, 0], tasks: [quarter] }] } });
    expect(found.comparison).toMatchObject({
      fillShare: undefined,
      breakEvenFillShare: undefined,
      tasksFit: 0,
      breakEvenTasks: 7,
    });
  });
});

describe('tasks that Fargate cannot run', () => {
  it.each<[string, TaskSpec, object, string]>([
    ['more than 16 vCPU', { size: [16_385, 1_024] }, {}, 'too-large-for-fargate'],
    ['more than 120 GB', { size: [256, 120 * gib + 1] }, {}, 'too-large-for-fargate'],
    ['a GPU', {}, { type: 'g5.xlarge' }, 'accelerated-instance'],
    ['Trainium', {}, { type: 'trn1.2xlarge' }, 'accelerated-instance'],
    ['RISC-V', { architecture: 'riscv64' }, {}, 'architecture-not-on-fargate'],
  ])('%s', (_, task, said, reason) => {
    const found = judge({
      instances: {
        general: [{ size: [65_536, 262_144], tasks: [{ ...task, service: 'ml' }], ...said }],
      },
    });
    expect(found).toMatchObject({
      reason: 'tasks-do-not-fit-fargate',
      comparison: undefined,
      unfit: [{ reason, subject: 'ml', tasks: 1 }],
    });
  });

  it('are named by service, else group, and the price of the others stands', () => {
    const large = { size: [16_385, 1_024] as const };
    const found = judge({
      instances: {
        general: [
          {
            size: [65_536, 262_144],
            tasks: [
              { ...large, service: undefined, group: 'family:job' },
              { ...large, service: 'ml', times: 2 },
              quarter,
            ],
          },
        ],
      },
    });
    expect(found.unfit).toEqual([
      { reason: 'too-large-for-fargate', subject: 'family:job', tasks: 1 },
      { reason: 'too-large-for-fargate', subject: 'ml', tasks: 2 },
    ]);
    expect(found.fargate?.usdPerHour).toBeCloseTo(0.0123425, 10);
  });

  it('ordinary types are not taken for accelerated ones', () => {
    for (const type of ['m7g.large', 't4g.large', 'c6gn.large', 'r7gd.large', 'i4g.large']) {
      expect(judge(machines(1, [quarter], { type })).unfit).toEqual([]);
    }
  });
});

describe('prices that are not known give no figure', () => {
  const gapsOf = (spec: WorldSpec, prices?: RegionPrices) => {
    const found = judge(spec, {}, ...(prices === undefined ? [] : [prices]));
    expect(found).toMatchObject({ reason: 'price-unknown', comparison: undefined });
    return { found, texts: found.gaps.map(priceGapText) };
  };

  it('of a Region that nobody knows', () => {
    const world = densityWorld({ region: 'eu-west-9', ...machines(1, [quarter]) });
    const [found] = costOf(world, shippedPrices('eu-west-9'), defaultCostPolicy);
    expect(found).toMatchObject({
      reason: 'price-unknown',
      here: undefined,
      fargate: undefined,
      gaps: [{ reason: 'region-price-unknown', subject: 'eu-west-9' }],
    });
    expect(found?.gaps.map(priceGapText)).toEqual(['no prices for eu-west-9']);
  });

  it('of another Region than the cluster’s', () => {
    const { found, texts } = gapsOf(machines(1, [quarter]), shippedPrices('ap-northeast-1'));
    expect(found.here).toBeUndefined();
    expect(texts).toEqual(['no prices for us-east-1']);
  });

  it('of a type that is not in the table, once, and of an instance that does not say its type', () => {
    const { found, texts } = gapsOf({
      instances: {
        general: [
          { type: 'c9x.large', tasks: [quarter] },
          { type: 'c9x.large' },
          { type: undefined },
        ],
      },
    });
    expect(found.here).toBeUndefined();
    expect(found.fargate?.usdPerHour).toBeCloseTo(0.0123425, 10);
    expect(found.gaps.map(({ reason }) => reason)).toEqual([
      'ec2-price-unknown',
      'instance-type-unknown',
    ]);
    expect(texts).toEqual([
      'no EC2 price for c9x.large in us-east-1',
      'instance type of i-general2 not known',
    ]);
  });

  it('of Spot, whether the provider says so or one instance', () => {
    const bySpot = gapsOf({
      ...machines(2, [quarter]),
      providers: [{ name: 'general', isSpot: true }],
    });
    expect(bySpot.found.gaps).toEqual([{ reason: 'spot-price-unknown', subject: 'general' }]);
    expect(bySpot.texts).toEqual(['general runs on Spot, whose price changes']);
    const one = gapsOf({ instances: { general: [{ tasks: [quarter] }, { isSpot: true }] } });
    expect(one.found.here).toBeUndefined();
  });

  it('of instances of your own, where EC2 was not asked whether they are Spot', () => {
    const unasked = { instances: { general: [{ tasks: [quarter], isSpot: undefined }] } };
    const own = gapsOf({ ...unasked, providers: [{ name: 'general', compute: 'ec2' }] });
    expect(own.found).toMatchObject({ reason: 'price-unknown', comparison: undefined });
    expect(own.found.gaps).toEqual([{ reason: 'purchase-option-unknown', subject: 'general' }]);
    expect(own.texts).toEqual(['whether general runs on Spot is not known']);
    // Of managed instances their provider says it.
    expect(judge(unasked).gaps).toEqual([]);
  });

  it('of Windows, here and on Fargate', () => {
    const windows = machines(1, [quarter], { attributes: { 'ecs.os-type': 'Windows' } });
    const { found, texts } = gapsOf(windows);
    expect([found.here, found.fargate]).toEqual([undefined, undefined]);
    expect(found.gaps).toEqual([{ reason: 'windows-price-unknown', subject: 'us-east-1' }]);
    expect(texts).toEqual(['no prices for Windows in us-east-1']);
  });

  it('of Fargate in a Region or for an architecture; what EC2 costs stands', () => {
    const paris = gapsOf({ region: 'eu-west-3', ...machines(1, [quarter], { type: 'c5.large' }) });
    expect(paris.texts).toEqual(['no Fargate price for x86_64 in eu-west-3']);
    expect(paris.found.gaps[0]?.reason).toBe('fargate-price-unknown');
    expect(paris.found.here?.ec2UsdPerHour).toBe(0.101);
    const arm = { type: 'c7g.large', architecture: 'arm64' };
    const frankfurt = gapsOf({ region: 'eu-central-1', ...machines(1, [quarter], arm) });
    expect(frankfurt.texts).toEqual(['no Fargate price for arm64 in eu-central-1']);
  });

  it('of a task whose architecture or size nobody says', () => {
    const nameless = gapsOf(machines(1, [quarter], { architecture: undefined }));
    expect(nameless.found.gaps).toEqual([{ reason: 'architecture-unknown', subject: 'api' }]);
    expect(nameless.texts).toEqual(['CPU architecture of api not known']);
    for (const size of [
      [0, 512],
      [256, 0],
    ] as const) {
      const { found, texts } = gapsOf(machines(1, [{ size }]));
      expect(found.gaps).toEqual([{ reason: 'task-size-unknown', subject: 'api' }]);
      expect(texts).toEqual(['tasks of api reserve no CPU or no memory']);
    }
  });
});

describe('usdText', () => {
  it.each([
    [341.6, '$342'],
    [0.004, '$0.00'],
    [-0.004, '$0.00'],
    [9.994, '$9.99'],
    [9.995, '$10'],
    [-12.3, '-$12'],
    [1_234_567.8, '$1,234,568'],
    [999.5, '$1,000'],
  ])('%f is %s', (usd, text) => {
    expect(usdText(usd)).toBe(text);
  });
});

describe('a policy', () => {
  it.each<[string, Partial<CostPolicy>]>([
    ['savingShareMin is a share', { savingShareMin: 1.5 }],
    ['savingUsdPerMonthMin is an amount', { savingUsdPerMonthMin: -1 }],
    ['ec2DiscountShare is a share below 1', { ec2DiscountShare: 1 }],
    ['ec2DiscountShare is a share below 1', { ec2DiscountShare: Number.NaN }],
    ['volumesUsdPerMonth is an amount', { volumesUsdPerMonth: -1 }],
  ])('is refused: %s', (sentence, policy) => {
    expect(() => judge(machines(1, []), policy)).toThrow(sentence);
  });
});
