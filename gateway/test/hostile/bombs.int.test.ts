import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../../src/persisted/manifest.ts';
import type { TestGateway } from '../support/test-gateway.ts';
import { startCheckedInGraph } from './checked-in-graph.ts';
import { documentRows } from './document-rows.ts';

const BOMBS = 400;
const IN_FLIGHT = 50;
/** Of a bomb that nobody has sent before, with the share of the client and of the visitor in this process. */
const CPU_MS_EACH = 15;

let stores: Stores;
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startCheckedInGraph({ redisUrl: stores.redis.gateway });
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

it('19 400 mixed bombs, 50 in flight, none like another: all are refused, cost little, and who asks something normal meanwhile is answered', async () => {
  const rows = documentRows.filter(([, , { query }]) => query !== undefined && query.length < 200_000);
  const bombs = Array.from({ length: BOMBS }, (_, at) => {
    const [, , operation] = rows[at % rows.length]!;
    const query = `${operation.query}\n# ${sha256(String(at))}`;
    return { ...operation, query };
  });
  const normal = () => test.post({ query: 'query Normal { __typename }' });
  expect((await normal()).body).toEqual({ data: { __typename: 'Query' } });

  const before = process.cpuUsage();
  let next = 0;
  const statuses: number[] = [];
  const codes = new Set<string>();
  let isOver = false;
  const sender = async (): Promise<void> => {
    for (let bomb = bombs[next++]; bomb; bomb = bombs[next++]) {
      const { status, body } = await test.post(bomb);
      statuses.push(status);
      for (const { extensions } of body.errors ?? []) codes.add(extensions.code);
    }
  };
  const answers: unknown[] = [];
  const visitor = async (): Promise<void> => {
    while (!isOver) answers.push((await normal()).body);
  };
  const visiting = visitor();
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  isOver = true;
  await visiting;
  const { user, system } = process.cpuUsage(before);

  expect(statuses).toHaveLength(BOMBS);
  expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([]);
  expect(codes).not.toContain('INTERNAL_SERVER_ERROR');
  expect(answers.length).toBeGreaterThan(0);
  expect(answers).toEqual(answers.map(() => ({ data: { __typename: 'Query' } })));
  expect((user + system) / 1_000).toBeLessThan(BOMBS * CPU_MS_EACH);
  expect((await normal()).body).toEqual({ data: { __typename: 'Query' } });
});
