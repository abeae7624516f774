import { randomInt } from 'node:crypto';

/** A fresh whole-number seed: what is drawn from it is not for secrets. */
export const randomSeed = (): number => randomInt(2 ** 47);
