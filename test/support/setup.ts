import { expect } from 'vitest';

// Every test runs on the Node that Lambda runs, whatever the host has: see the `node` devDependency.
expect(process.version).toMatch(/^v24\./);
