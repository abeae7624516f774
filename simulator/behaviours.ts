/**
 * The behaviour ledger: every rule by which the simulated ECS works, where it is from, and how sure it
 * is. A rule that nobody documents is assumed, and has at least two variants, drawn by the seed:
 * what holds under all of them does not rest on a guess.
 */
export type Behaviour = {
  readonly statement: string;
  /** A page of AWS, an observation that was published, or why it has to be assumed. */
  readonly source: string;
  readonly status: 'documented' | 'observed' | 'assumed';
  /** What the seed draws from; a rule that is known has the one variant `on`. */
  readonly variants: readonly string[];
};

const guide = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/';
/** A page of the ECS developer guide. */
const page = (name: string): string => `${guide}${name}.html`;

type Known<Status> = {
  readonly statement: string;
  readonly source: string;
  readonly status: Status;
  readonly variants: readonly ['on'];
};

const documented = (statement: string, source: string): Known<'documented'> => ({
  statement,
  source,
  status: 'documented',
  variants: ['on'],
});

const assumed = <const Variants extends readonly [string, string, ...string[]]>(
  statement: string,
  source: string,
  variants: Variants,
) => ({ statement, source, status: 'assumed', variants }) as const;

export const behaviours = {
  'task-lifecycle': documented(
    'A task passes PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.',
    page('task-lifecycle-explanation'),
  ),
  'scheduler-delay': assumed(
    'The service scheduler reacts to a change within seconds; how many is not said.',
    page('ecs_services'),
    ['1s', '5s'],
  ),
} as const satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourId = keyof typeof behaviours;

/** What `world.variant` can answer for a rule. A test turns a rule `off` to see what fails without it. */
export type VariantOf<Id extends BehaviourId> = (typeof behaviours)[Id]['variants'][number] | 'off';

/** Variants by rule; what is left out is drawn. */
export type VariantChoices = { readonly [Id in BehaviourId]?: VariantOf<Id> };

export const behaviourIds = Object.keys(behaviours) as readonly BehaviourId[];
