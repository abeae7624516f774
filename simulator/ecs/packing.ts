import type { InstanceType } from '../instance-types.ts';
import type { Core } from './core.ts';
import {
  attributesOf,
  type Demand,
  interfacesFor,
  type Misfit,
  misfit,
  type Room,
  registeredMemoryMiB,
} from './fit.ts';
import { takesInterface } from './room.ts';
import type { TaskDefinition } from './state.ts';

/** A place for a new instance. */
export type Site = {
  readonly zone: string;
  readonly subnetId: string;
  /** Attributes of the instances of an Auto Scaling group; a managed instance has none of its own. */
  readonly groupAttributes?: Readonly<Record<string, string>>;
};

/** An instance that would be launched, with what would go on it. */
export type Bin<Item extends Demand> = { readonly type: InstanceType; readonly items: Item[] };

type OpenBin<Item extends Demand> = Bin<Item> & {
  cpu: number;
  memoryMiB: number;
  interfaces: number;
  readonly ports: Set<string>;
  readonly groups: Set<string>;
};

/** What no type takes, with what kept it from the type that came closest. */
export type Unfit<Item> = { readonly item: Item; readonly misfit: Misfit };

/**
 * Packs tasks into new instances of one place: the largest first, each into the first instance with
 * room, else into a new one of the cheapest type that fits. `open` are instances already on their way.
 */
export function packZone<Item extends Demand>(
  core: Core,
  items: readonly Item[],
  types: readonly InstanceType[],
  site: Site,
  open: readonly Bin<Item>[] = [],
): { readonly bins: readonly Bin<Item>[]; readonly unfit: readonly Unfit<Item>[] } {
  const bins = open.map((bin) => openBin(core, bin.type, site, bin.items));
  const fresh: OpenBin<Item>[] = [];
  const unfit: Unfit<Item>[] = [];
  const left = core.has('first-fit-decreasing')
    ? [...items].sort((a, b) => sizeOf(b.definition) - sizeOf(a.definition))
    : [...items];
  for (let item = left.shift(); item !== undefined; item = left.shift()) {
    const place = [...bins, ...fresh].find((bin) => fitsBin(core, item, bin, site) === undefined);
    if (place !== undefined) {
      put(place, item);
      continue;
    }
    const choice = chooseType(core, item, left, types, site);
    if ('misfit' in choice) unfit.push({ item, misfit: choice.misfit });
    else fresh.push(openBin(core, choice.type, site, [item]));
  }
  return { bins: [...bins, ...fresh], unfit };
}

/** Share of the larger of the two resources, in vCPUs of a general machine with 4 GiB each. */
const sizeOf = ({ cpu, memoryMiB }: TaskDefinition): number =>
  Math.max(cpu / 1_024, memoryMiB / 4_096);

function openBin<Item extends Demand>(
  core: Core,
  type: InstanceType,
  { groupAttributes }: Site,
  items: readonly Item[],
): OpenBin<Item> {
  const bin: OpenBin<Item> = {
    type,
    items: [],
    cpu: type.vCpus * 1_024,
    memoryMiB: registeredMemoryMiB(core, type),
    interfaces: interfacesFor(core, type, groupAttributes === undefined),
    ports: new Set(),
    groups: new Set(),
  };
  for (const item of items) put(bin, item);
  return bin;
}

function put<Item extends Demand>(bin: OpenBin<Item>, item: Item): void {
  const { definition, group } = item;
  bin.items.push(item);
  bin.cpu -= definition.cpu;
  bin.memoryMiB -= definition.memoryMiB;
  if (takesInterface(definition)) bin.interfaces -= 1;
  for (const port of definition.hostPorts) bin.ports.add(port);
  bin.groups.add(group);
}

function fitsBin<Item extends Demand>(
  core: Core,
  item: Item,
  bin: OpenBin<Item>,
  { zone, subnetId, groupAttributes }: Site,
): Misfit | undefined {
  const attributes = { ...attributesOf(bin.type, zone, subnetId), ...groupAttributes };
  const room: Room = {
    cpu: bin.cpu,
    memoryMiB: bin.memoryMiB,
    interfaces: bin.interfaces,
    ports: bin.ports,
    architecture: bin.type.architecture,
    facts: () => ({
      attributes: new Map(Object.entries(attributes)),
      ec2InstanceId: undefined,
      agentConnected: true,
      runningTasksCount: bin.items.length,
      groups: bin.groups,
    }),
  };
  return misfit(core, item, room);
}

/** What is checked of a type, in this order: the later a type fails, the closer it came. */
const checks: readonly Misfit[] = [
  'RESOURCE:CPU',
  'RESOURCE:MEMORY',
  'RESOURCE:PORTS',
  'RESOURCE:ENI',
  'ATTRIBUTE',
  'MEMBER_OF',
];

/** The cheapest type for a task alone, or the one that packs what follows at the least price. */
function chooseType<Item extends Demand>(
  core: Core,
  item: Item,
  following: readonly Item[],
  types: readonly InstanceType[],
  site: Site,
): { readonly type: InstanceType } | { readonly misfit: Misfit } {
  const wholeBatch = core.variant('instance-type-choice') === 'cheapest-for-batch';
  let best: { readonly type: InstanceType; readonly price: number } | undefined;
  let why: Misfit = 'RESOURCE:CPU';
  for (const type of types) {
    const bin = openBin<Item>(core, type, site, []);
    const wrong = fitsBin(core, item, bin, site);
    if (wrong !== undefined) {
      if (checks.indexOf(wrong) > checks.indexOf(why)) why = wrong;
      continue;
    }
    put(bin, item);
    const price = wholeBatch ? priceOfBatch(core, bin, following, site) : type.pricePerHour;
    if (best === undefined || price < best.price) best = { type, price };
    if (core.variant('instance-type-choice') === 'off') break;
  }
  return best === undefined ? { misfit: why } : { type: best.type };
}

/** Price for each unit of size that goes on an instance when it is filled from the batch. */
function priceOfBatch<Item extends Demand>(
  core: Core,
  bin: OpenBin<Item>,
  following: readonly Item[],
  site: Site,
): number {
  for (const item of following) {
    if (fitsBin(core, item, bin, site) === undefined) put(bin, item);
  }
  const size = bin.items.reduce((sum, { definition }) => sum + sizeOf(definition), 0);
  return bin.type.pricePerHour / size;
}
