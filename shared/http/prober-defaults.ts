import type { ProberOptions } from './prober.ts';

/** How Ballast's own test calls go out: bodies up to 256 KiB, and no call ever waits for a socket. */
export const proberDefaults: ProberOptions = {
  bodyBytesMax: 256 * 1024,
  socketsPerEndpointMax: 32,
  userAgent: 'ballast-deployment-hook/0.1 (+test call)',
};
