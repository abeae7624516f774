/** The environment lacks a setting or holds one that cannot be used. Names every such variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads settings and collects what is wrong with them, so that one error names it all. */
export type EnvReader = {
  /** A text that must not be empty. */
  text(name: string): string;
  /** A text that may be empty. An absent variable is an error all the same. */
  maybeText(name: string): string;
  /** Comma-separated; empty parts are dropped. An absent variable is an error, an empty one is not. */
  list(name: string): readonly string[];
  /** Like `list`, with at least one item. */
  listOfSome(name: string): readonly string[];
  oneOf<const T extends string>(name: string, choices: readonly [T, ...T[]]): T;
  /** A time zone's name as IANA has it, such as `Europe/Berlin`. */
  timeZone(name: string): string;
  /** A whole number within bounds, both included. */
  integer(name: string, from: number, to: number): number;
};

/**
 * Runs `read` over the environment and returns what it built.
 * Throws {@link ConfigError} with one sentence a variable: its name, the wish, what was found.
 */
export function readEnv<Config>(env: Env, read: (reader: EnvReader) => Config): Config {
  const problems: string[] = [];
  const wish = (name: string, expected: string): void => {
    const value = env[name];
    problems.push(
      `${name} must be ${expected}, got ${value === undefined ? 'nothing' : `"${value}"`}`,
    );
  };
  const listOf = (name: string): readonly string[] =>
    (env[name] ?? '').split(',').flatMap((part) => part.trim() || []);
  const config = read({
    text(name) {
      const value = env[name]?.trim() ?? '';
      if (value === '') wish(name, 'text');
      return value;
    },
    maybeText(name) {
      if (env[name] === undefined) wish(name, 'text, which may be empty');
      return env[name]?.trim() ?? '';
    },
    list(name) {
      if (env[name] === undefined) wish(name, 'a comma-separated list, which may be empty');
      return listOf(name);
    },
    listOfSome(name) {
      const list = listOf(name);
      if (list.length === 0) wish(name, 'a comma-separated list with at least one item');
      return list;
    },
    oneOf(name, choices) {
      const found = choices.find((choice) => choice === env[name]);
      if (found === undefined) wish(name, `one of ${choices.join(', ')}`);
      return found ?? choices[0];
    },
    timeZone(name) {
      const zone = env[name]?.trim() ?? '';
      if (!isTimeZone(zone)) wish(name, 'a time zone such as Europe/Berlin');
      return zone;
    },
    integer(name, from, to) {
      const value = Number(env[name]?.trim() || Number.NaN);
      const isGood = Number.isInteger(value) && value >= from && value <= to;
      if (!isGood) wish(name, `a whole number from ${from} to ${to}`);
      return isGood ? value : from;
    },
  });
  if (problems.length > 0) throw new ConfigError(problems.join('; '));
  return config;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // The question is only whether there is one of that name.
  }
}
