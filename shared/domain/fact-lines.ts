/** Lines of one text; the rest is counted. */
export const linesMax = 3;
/** Longest name in a line, in characters: three lines are one fact. */
const nameCharsMax = 24;

/** A name as it fits into a line. */
export const shortName = (name: string): string =>
  name.length <= nameCharsMax ? name : `${name.slice(0, nameCharsMax - 2)}..`;

/** What is known of some facts. */
export const defined = <T extends Readonly<Record<string, string | number | undefined>>>(
  values: T,
): { readonly [Name in keyof T]?: NonNullable<T[Name]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    readonly [Name in keyof T]?: NonNullable<T[Name]>;
  };
