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
