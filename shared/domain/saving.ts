export type SavingPolicy = {
  /** Fargate is worth a word when it saves this share of what the instances cost, and this much. */
  readonly savingShareMin: number;
  readonly savingUsdPerMonthMin: number;
};

export const defaultSavingPolicy: SavingPolicy = { savingShareMin: 0.15, savingUsdPerMonthMin: 50 };

/** What neither side of a comparison holds, in words. */
export const costExclusions = ({
  volumesUsdPerMonth,
}: {
  readonly volumesUsdPerMonth: number;
}): readonly string[] => [
  ...(volumesUsdPerMonth > 0 ? [] : ['volumes of the instances']),
  'data transfer and public addresses',
  'a discount on Fargate',
  'storage of a Fargate task above 20 GB',
];

/** `$342`, and `$3.42` below 10: where a sum is printed, and nowhere before, it is rounded. */
export function usdText(usd: number): string {
  const size = Math.abs(usd);
  const text = size < 9.995 ? size.toFixed(2) : Math.round(size).toString();
  return `${usd < 0 && Number(text) > 0 ? '-' : ''}$${text.replace(/\B(?=(\d{3})+$)/g, ',')}`;
}
