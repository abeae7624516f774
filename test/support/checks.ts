import type { Check } from '../../shared/domain/check.ts';
import { parseGateConfig } from '../../shared/events/hook-details.ts';

/** The one check of a configuration with these settings. */
export function check(settings: Readonly<Record<string, unknown>> = {}): Check {
  const [first] = parseGateConfig({ checks: [settings] }).checks;
  if (first === undefined) throw new Error('a configuration with one check has one');
  return first;
}
