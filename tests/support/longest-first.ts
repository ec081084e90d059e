import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Below the root. What each takes is in the report of a run: one that takes longer than half a minute belongs here. */
const LONGEST = [
  'tests/simulator/simulator.test.ts',
  'bench/test/benchmarks.int.test.ts',
  'launcher/stores/test/redis.int.test.ts',
  'launcher/stores/test/stores.int.test.ts',
  'subgraphs/orders/test/volume.int.test.ts',
  'subgraphs/reviews/test/ratings.int.test.ts',
  'subgraphs/search/test/indexing.int.test.ts',
  'subgraphs/catalog/test/imports.int.test.ts',
  'subgraphs/payments/test/refund-webhooks.int.test.ts',
  'subgraphs/payments/test/unknown-outcomes.int.test.ts',
  'subgraphs/orders/test/checkout-faults.int.test.ts',
  'subgraphs/catalog/test/kill.int.test.ts',
  'tests/e2e/bad-input/bad-input.e2e.ts',
  'tests/e2e/start/start.e2e.ts',
  'tests/e2e/start/built.e2e.ts',
  'tests/e2e/access/access.e2e.ts',
  'tests/e2e/orders/buying.e2e.ts',
  'tests/e2e/returns/returns.e2e.ts',
  'tests/e2e/deals/deals.e2e.ts',
  'tests/e2e/promotions/promotions.e2e.ts',
  'tests/e2e/story/story.e2e.ts',
  'tests/e2e/streams/transports.e2e.ts',
];

/** One long file that begins last keeps everybody waiting: these begin first, the others after them, the largest first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      return index === -1 ? LONGEST.length : index;
    };
    return [...byProject.values()].flatMap((specs) => specs.toSorted((a, b) => rank(a) - rank(b)));
  }
}
