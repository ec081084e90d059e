import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

// graphql 16 ships an ES and a CommonJS build; @apollo/subgraph requires the
// second. One alias keeps both sides on the same classes.
const alias = [{ find: /^graphql$/, replacement: 'graphql/index.js' }];
const conditions = ['source', 'node'];
const shared = { resolve: { alias, conditions }, ssr: { resolve: { conditions } } };

/** A real server has all suites in one place: one after another. */
const isOneServer = 'MONGODB_CONFORMANCE_URL' in process.env || 'TYPESENSE_CONFORMANCE_URL' in process.env;

/** Of two cores. A third file at once would save a tenth, and bring services past the deadlines that their tests are about. */
const AT_ONCE: Readonly<Record<string, number>> = {
  integration: 2,
  e2e: 2,
  ...(isOneServer ? {} : { conformance: 2 }),
};

/** Without a seed for the run each property takes its own, and says which when it fails. */
const SETUP = ['TEST_SEED', 'PROPERTY_CASES'].some((name) => name in process.env)
  ? ['tests/support/properties.ts']
  : [];

const tier = (name: string, include: string[], limits: { testTimeout: number; hookTimeout: number }) => ({
  ...shared,
  test: {
    name,
    include,
    setupFiles: SETUP,
    exclude: [...(name === 'unit' ? ['**/*.int.test.ts'] : []), '**/node_modules/**', '**/dist/**', '.data/**'],
    fileParallelism: name === 'unit' || name in AT_ONCE,
    ...(name in AT_ONCE ? { maxWorkers: AT_ONCE[name] } : {}),
    // Files share a process, and with it the modules they load: nothing in them is global but what a test puts there and
    // takes away. Loaded anew and run cold they cost each file more than most files cost by themselves.
    isolate: name === 'chaos',
    ...limits,
  },
});

export default defineConfig({
  ...shared,
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      tier('unit', ['**/*.test.ts'], { testTimeout: 20_000, hookTimeout: 20_000 }),
      tier('integration', ['**/*.int.test.ts'], { testTimeout: 60_000, hookTimeout: 120_000 }),
      tier('conformance', ['emulators/**/*.conformance.ts'], { testTimeout: 60_000, hookTimeout: 60_000 }),
      tier('e2e', ['tests/**/*.e2e.ts'], { testTimeout: 180_000, hookTimeout: 180_000 }),
      tier('chaos', ['{tests,subgraphs}/**/*.chaos.ts'], { testTimeout: 240_000, hookTimeout: 180_000 }),
    ],
  },
});
