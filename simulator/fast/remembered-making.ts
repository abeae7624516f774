import { plainMaking, type SnapshotMaking } from '../../shared/aws/snapshot-making.ts';

type Snapshot = Parameters<SnapshotMaking['finished']>[0];
type Assembled = ReturnType<SnapshotMaking['assembled']>;

/**
 * Makes snapshots of answers that are the same objects as long as nothing has changed: then a part of a
 * snapshot is the same object as before, too, and not made again. A test holds what it makes to what is
 * made anew.
 */
export function createRememberedMaking(): SnapshotMaking {
  const withFewEvents = createFewEvents();
  return {
    taskFacts: rememberedByList(
      eachRemembered(({ taskArn }) => taskArn, isSameTask, plainMaking.taskFacts),
    ),
    instanceFacts: rememberedByList(plainMaking.instanceFacts),
    serviceFacts: rememberedByList(
      eachRemembered(
        ({ serviceArn }) => serviceArn,
        isSameService,
        (services) => plainMaking.serviceFacts(services.map(withFewEvents)),
      ),
    ),
    assembled: createAssembled(),
    finished: createSharing(),
  };
}

/** Answers whose facts are remembered: those of one look at a large cluster. */
const answersMax = 64;

/** Facts of the list of an answer; the oldest is forgotten first. */
function rememberedByList<Thing, Facts>(
  factsOf: (things: readonly Thing[]) => Facts,
): (things: readonly Thing[]) => Facts {
  const known = new Map<readonly Thing[], Facts>();
  return (things) => {
    const before = known.get(things);
    if (before !== undefined) return before;
    const facts = factsOf(things);
    for (const first of known.keys()) {
      if (known.size < answersMax) break;
      known.delete(first);
    }
    known.set(things, facts);
    return facts;
  };
}

/** Things whose facts are remembered; then all are forgotten. */
const thingsMax = 20_000;

/** Facts of each thing, made anew only where it is not as it was when they were made. */
function eachRemembered<Thing extends object, Facts>(
  nameOf: (thing: Thing) => string | undefined,
  isSame: (a: Thing, b: Thing) => boolean,
  factsOf: (things: readonly Thing[]) => readonly Facts[],
): (things: readonly Thing[]) => readonly Facts[] {
  const known = new Map<string, { readonly copy: Thing; readonly facts: Facts }>();
  return (things) =>
    things.flatMap((thing) => {
      const name = nameOf(thing) ?? '';
      const before = known.get(name);
      if (before !== undefined && isSame(before.copy, thing)) return [before.facts];
      const [facts] = factsOf([thing]);
      if (facts === undefined) return [];
      if (known.size >= thingsMax) known.clear();
      known.set(name, { copy: { ...thing }, facts });
      return [facts];
    });
}

type EcsTask = Parameters<SnapshotMaking['taskFacts']>[0][number];

/**
 * Whether a task is as it was, as far as facts are made of it. The account replaces what its members
 * hold and does not change it; ports are bound in the containers themselves, while a task is placed.
 */
const isSameTask = (a: EcsTask, b: EcsTask): boolean =>
  a.lastStatus === b.lastStatus &&
  a.desiredStatus === b.desiredStatus &&
  a.healthStatus === b.healthStatus &&
  a.startedAt === b.startedAt &&
  a.containerInstanceArn === b.containerInstanceArn &&
  a.availabilityZone === b.availabilityZone &&
  a.attributes === b.attributes &&
  a.attachments === b.attachments &&
  a.containers === b.containers &&
  a.createdAt === b.createdAt &&
  a.group === b.group &&
  a.startedBy === b.startedBy &&
  a.taskDefinitionArn === b.taskDefinitionArn &&
  a.launchType === b.launchType &&
  a.capacityProviderName === b.capacityProviderName &&
  a.cpu === b.cpu &&
  a.memory === b.memory;

type EcsService = Parameters<SnapshotMaking['serviceFacts']>[0][number];

const isSameService = (a: EcsService, b: EcsService): boolean =>
  a.status === b.status &&
  a.desiredCount === b.desiredCount &&
  a.runningCount === b.runningCount &&
  a.pendingCount === b.pendingCount &&
  a.deployments === b.deployments &&
  a.events === b.events &&
  a.taskDefinition === b.taskDefinition &&
  a.currentServiceDeployment === b.currentServiceDeployment &&
  a.launchType === b.launchType &&
  a.capacityProviderStrategy === b.capacityProviderStrategy &&
  a.schedulingStrategy === b.schedulingStrategy &&
  a.deploymentController === b.deploymentController &&
  a.deploymentConfiguration === b.deploymentConfiguration &&
  a.availabilityZoneRebalancing === b.availabilityZoneRebalancing &&
  a.placementStrategy === b.placementStrategy &&
  a.placementConstraints === b.placementConstraints &&
  a.networkConfiguration === b.networkConfiguration &&
  a.loadBalancers === b.loadBalancers &&
  a.tags === b.tags &&
  a.serviceName === b.serviceName &&
  a.createdAt === b.createdAt;

type Events = NonNullable<EcsService['events']>;

/** Words of the messages that a snapshot is read off: of rebalancing, and of tasks without a place. */
const telling = /AZ |unable to place|could not launch|container instances were found/i;

/**
 * A service has a hundred events, and few of them tell something that a snapshot holds: the others are
 * left out. A list of events is never changed, a new one takes its place.
 */
function createFewEvents(): (service: EcsService) => EcsService {
  const known = new Map<string, { readonly all: Events; readonly few: Events }>();
  return (service) => {
    const { events: all, serviceArn = '' } = service;
    if (all === undefined) return service;
    const before = known.get(serviceArn);
    const few =
      before?.all === all ? before.few : all.filter(({ message = '' }) => telling.test(message));
    if (before?.all !== all) known.set(serviceArn, { all, few });
    return { ...service, events: few };
  };
}

/**
 * Puts facts together once for all that are alike: most changes of an account are none that a snapshot
 * shows. What EC2 adds is made anew at each look: it is seldom asked.
 */
function createAssembled(): SnapshotMaking['assembled'] {
  type Given = Parameters<SnapshotMaking['assembled']>;
  let last: { readonly of: Given; readonly made: Assembled } | undefined;
  return (facts, providers, additions) => {
    if (additions !== undefined) return plainMaking.assembled(facts, providers, additions);
    const [before, providersBefore] = last?.of ?? [];
    const isSame =
      areSame(before?.tasks, facts.tasks) &&
      areSame(before?.instances, facts.instances) &&
      areSame(before?.services, facts.services) &&
      JSON.stringify(providersBefore) === JSON.stringify(providers);
    if (last !== undefined && isSame) return last.made;
    const made = plainMaking.assembled(facts, providers);
    last = { of: [facts, providers], made };
    return made;
  };
}

/** Parts that are read beside tasks, services and instances: small, or empty. */
const sharedParts = [
  ...(['capacityProviders', 'subnetZones', 'instanceTypes', 'deployments', 'gaps'] as const),
  ...(['scalableTargets', 'protections', 'shiftedZones', 'eventWindows'] as const),
];

/** Texts of parts that are remembered; then all are forgotten. */
const textsMax = 1_000;

/** Gives each part that reads as one did before the same object: all of them are plain JSON. */
function createSharing(): SnapshotMaking['finished'] {
  const known = new Map<string, unknown>();
  return (snapshot) => {
    const parts = sharedParts.map((name) => {
      const text = `${name} ${JSON.stringify(snapshot[name])}`;
      if (known.size >= textsMax) known.clear();
      if (!known.has(text)) known.set(text, snapshot[name]);
      return [name, known.get(text)] as const;
    });
    return { ...snapshot, ...(Object.fromEntries(parts) as Partial<Snapshot>) };
  };
}

/** Whether two lists hold the same, or what is alike, in the same order. */
const areSame = (a: readonly object[] | undefined, b: readonly object[]): boolean =>
  a !== undefined && a.length === b.length && a.every((one, at) => isAlike(one, b[at]));

/** Whether two values are the same, member by member: facts are plain data, and not deep. */
function isAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => isAlike(Reflect.get(a, name), Reflect.get(b, name)))
  );
}
