import type { EcsStrategyItem } from '../account.ts';

/**
 * Which capacity provider the next task goes to, by how many each has: bases first, then the one that
 * lags most behind its weight. Undefined where no provider takes any more.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
 */
export function nextProvider(
  strategy: readonly EcsStrategyItem[],
  countOf: (capacityProvider: string) => number,
): string | undefined {
  const below = strategy.find(({ capacityProvider, base = 0 }) => countOf(capacityProvider) < base);
  if (below !== undefined) return below.capacityProvider;
  let best: { readonly name: string; readonly share: number } | undefined;
  for (const {
    capacityProvider: name,
    base = 0,
    weight = strategy.length === 1 ? 1 : 0,
  } of strategy) {
    if (weight <= 0) continue;
    const share = (countOf(name) - base + 1) / weight;
    if (best === undefined || share < best.share) best = { name, share };
  }
  return best?.name;
}
