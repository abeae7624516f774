import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Against a test that hangs, not against a machine that is busy: the slowest take seconds of CPU.
    testTimeout: 60_000,
    // One core is left free by default: of two, that is half of them.
    maxWorkers: '100%',
    coverage: { provider: 'v8', include: ['shared/**', 'functions/**', 'simulator/**'] },
  },
});
