import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestGateway } from '../support/test-gateway.ts';
import { startCheckedInGraph } from './checked-in-graph.ts';
import { documentRows } from './document-rows.ts';
import { expectWell, posted } from './reply.ts';

const BOMBS = 400;
const IN_FLIGHT = 50;

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

describe('a flood', () => {
  it(`19 of ${BOMBS} mixed bombs, ${IN_FLIGHT} at a time, leaves the others their turn`, async () => {
    const bombs = Array.from({ length: BOMBS }, (_, at) => {
      const [, , { query, ...rest }] = documentRows[at % documentRows.length]!;
      // Each another text, so that none is refused from memory.
      return { ...rest, query: `${query} #${at}` };
    });
    let sent = 0;
    let flooding = true;
    const statuses = new Map<number | null, number>();
    const attack = async () => {
      for (let at = sent++; at < bombs.length; at = sent++) {
        const { status } = await posted(test, bombs[at]);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const before = process.cpuUsage();
    const attackers = Promise.all(Array.from({ length: IN_FLIGHT }, attack)).finally(() => {
      flooding = false;
    });
    let answered = 0;
    while (flooding) {
      await expectWell(test);
      answered += 1;
    }
    await attackers;
    const { user, system } = process.cpuUsage(before);
    expect([...statuses.keys()].toSorted()).toEqual([400]);
    expect(statuses.get(400)).toBe(BOMBS);
    // One for each round of what is in flight would be the turn of one among equals.
    expect(answered).toBeGreaterThanOrEqual(BOMBS / IN_FLIGHT / 2);
    // Of both sides, client and gateway being one process here: no bomb costs more than a few milliseconds.
    expect((user + system) / 1_000 / BOMBS).toBeLessThan(25);
  });
});
