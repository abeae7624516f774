import type { DeploymentFacts, FactReader } from '../alert-facts.ts';
import type { Scene } from './draft.ts';
import { joined, known, spoken } from './words.ts';

/** Texts that all kinds about the gate share. */
export type GateFactReader = Pick<FactReader<DeploymentFacts>, 'text' | 'lines'>;

/** Whether the gate only watched: nothing that it says has been done. */
export const isObserved = (facts: GateFactReader): boolean => facts.text('mode') === 'observe';

/** `latency-regression: GET /cart median 291 vs 182 ms (...)`, then the other findings. */
export const evidenceOf = ({ incident }: Scene, facts: GateFactReader): readonly string[] => {
  const detail = facts.text('detail');
  const reason = facts.text('reason') ?? incident.cause;
  return known([
    detail === undefined ? spoken(reason) : `${reason}: ${detail}`,
    ...facts.lines('findings').slice(0, findingsMax),
  ]);
};

/** More findings than this do not fit a phone; the record has them all. */
const findingsMax = 4;

/** `checkout:412, POST_TEST_TRAFFIC_SHIFT` */
export const whereText = (facts: GateFactReader): string =>
  joined([facts.text('revision'), facts.text('stage')]);
