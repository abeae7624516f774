import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** Run by `.ci/run` alone, with MOTO_ENDPOINT: plain `npm test` needs nothing but npm. */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default defineConfig({
  test: {
    root: path.resolve(import.meta.dirname, '../..'),
    include: ['test/moto/**/*.moto.ts'],
    // They share one account.
    fileParallelism: false,
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
