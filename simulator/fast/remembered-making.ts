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
    taskFacts: rememberedByList(plainMaking.taskFacts),
    instanceFacts: rememberedByList(plainMaking.instanceFacts),
    serviceFacts: rememberedByList((services) =>
      plainMaking.serviceFacts(services.map(withFewEvents)),
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

type EcsService = Parameters<SnapshotMaking['serviceFacts']>[0][number];
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
