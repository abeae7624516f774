import type { Random } from '../random.ts';

/** Identifiers as AWS makes them, the same in every run of a seed. */
export type Ids = {
  /** Of tasks and container instances: 32 hexadecimal digits. */
  hex32(): string;
  /** `i-…`, `eni-…`: a prefix and 17 hexadecimal digits. */
  ec2(prefix: string): string;
  /** Of service revisions and deployments: 19 digits. */
  digits19(): string;
  /** Of service deployments: 21 letters and digits. */
  word21(): string;
  uuid(): string;
  /** Of a load balancer's parts: 16 hexadecimal digits. */
  hex16(): string;
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function createIds(random: Random): Ids {
  return {
    hex32: () => random.hex(32),
    ec2: (prefix) => `${prefix}-0${random.hex(16)}`,
    digits19: () =>
      `${random.integer(1, 9)}${Array.from({ length: 18 }, () => random.integer(0, 9)).join('')}`,
    word21: () =>
      Array.from({ length: 21 }, () => letters[random.integer(0, letters.length - 1)]).join(''),
    uuid: () => uuidOf(random.hex(30)),
    hex16: () => random.hex(16),
  };
}

/** A version 4 UUID of 30 random digits. */
export const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18)}`;
