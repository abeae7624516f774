/** Order of two texts by their code units: the same everywhere, whatever the language. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
