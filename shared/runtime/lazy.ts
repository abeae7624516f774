type AnyMethod = (...args: never[]) => Promise<unknown>;

/**
 * An object whose methods load the real one on their first call: what an invocation does not use,
 * it does not pay for. All methods must be asynchronous.
 *
 * `load` runs once; when it fails, the next call tries again.
 */
export function lazy<T extends Readonly<Record<keyof T, AnyMethod>>>(
  names: readonly (keyof T)[],
  load: () => Promise<T>,
): T {
  let loaded: Promise<T> | undefined;
  const target = (): Promise<T> => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
  const methods = names.map((name) => [
    name,
    async (...args: never[]) => {
      const real = await target();
      return await real[name](...args);
    },
  ]);
  return Object.fromEntries(methods) as T;
}

/**
 * A handler that is built when it is first called: a wrong setting fails the invocation, which is
 * retried and seen, rather than the import, which is neither. A failed build is tried again.
 */
export function onFirstCall<Event, Result>(
  build: () => (event: Event) => Promise<Result>,
): (event: Event) => Promise<Result> {
  let built: ((event: Event) => Promise<Result>) | undefined;
  return async (event) => {
    built ??= build();
    return await built(event);
  };
}
