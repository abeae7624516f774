/** Order of two texts by their code units: the same everywhere, whatever the language. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** An ascending copy, by a text of each item; items with the same text stay in their order. */
export const sortedBy = <Item>(
  items: readonly Item[],
  textOf: (item: Item) => string,
): readonly Item[] =>
  items
    .map((item) => ({ item, text: textOf(item) }))
    .sort((a, b) => compareTexts(a.text, b.text))
    .map(({ item }) => item);
