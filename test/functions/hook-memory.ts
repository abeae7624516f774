import type { Item } from '../../simulator/account.ts';
import type { DetailsTravel } from '../../simulator/hook-session.ts';
import type { Deployed, GateOptions, Lab } from './hook-lab.ts';

type Returned = Parameters<DetailsTravel>[1];

const asObject = (configured: unknown) => ({ ...(configured as object) });

/** Hands out for ever what came back first. */
const stale = (): DetailsTravel => {
  let first: Returned | undefined;
  return (_, returned) => {
    first ??= returned;
    return first;
  };
};

/** What may become of `hookDetails` between two calls; each entry makes one of its own. */
const travels: [string, () => DetailsTravel][] = [
  ['replaced by what came back', () => (_, returned) => returned],
  [
    'merged with what came back',
    () => (configured, returned) => ({ ...asObject(configured), ...returned }),
  ],
  ['as JSON text', () => (_, returned) => JSON.stringify(returned)],
  [
    'with its keys in another order',
    () => (_, returned) => Object.fromEntries(Object.entries(returned).reverse()),
  ],
  ['gone', () => () => undefined],
  ['empty', () => () => ({})],
  ['as configured, without the state', () => (configured) => configured],
  [
    'with null for the state',
    () => (configured) => ({ ...asObject(configured), ballastState: null }),
  ],
  [
    'with a state that nobody wrote',
    () => (configured) => ({ ...asObject(configured), ballastState: '[1]' }),
  ],
  [
    'without the configuration',
    () =>
      (_, { ballastState }) => ({ ballastState }),
  ],
  ['as it was after the first call', stale],
];

export const items = ({ account }: Deployed): Map<string, Item> =>
  account.tables.get('ballast')?.items ?? new Map();
const forgetTable = (hook: Deployed) => items(hook).clear();
export const denyTable = ({ account }: Deployed) =>
  account.faults.push({ service: 'dynamodb', kind: 'access-denied' });

/** What may become of the table in the meantime. */
const tables: [string, (hook: Deployed) => GateOptions][] = [
  ['there', () => ({})],
  ['emptied after every call', (hook) => ({ after: () => forgetTable(hook) })],
  [
    'denied',
    (hook) => {
      denyTable(hook);
      return {};
    },
  ],
  [
    'as it was after the first call',
    (hook) => {
      let first: [string, Item][] | undefined;
      return {
        after: () => {
          first ??= [...items(hook)];
          forgetTable(hook);
          for (const [key, item] of first) items(hook).set(key, item);
        },
      };
    },
  ],
];

/** Every fate of `hookDetails` with the table there, and the mild ones with a table that fails. */
export const survivors = [
  ...travels.map(([name, travel]) => [name, 'there', travel, tables[0]?.[1]] as const),
  ...tables
    .slice(1)
    .flatMap(([table, options]) =>
      travels.slice(0, 4).map(([name, travel]) => [name, table, travel, options] as const),
    ),
];

/** Held for as long as test traffic is not at green. */
export const holding = async (lab: Lab): Promise<Deployed> => {
  const green = await lab.serve(({ path }) => ({ status: path === '/strict' ? 500 : 200 }));
  const hook = await lab.deploy({ green });
  hook.service.setTraffic({ test: 0 });
  return hook;
};
export const strict = { samples: 0, deadlineMinutes: 2, checks: [{ path: '/strict' }] };
/** Ends a session whose own clock never does. */
export const patience = { timeout: { minutes: 20, action: 'ROLLBACK' } } as const;
