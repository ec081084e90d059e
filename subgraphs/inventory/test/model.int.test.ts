import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSeller, type Harness, type Seller, startHarness } from './harness.ts';
import { agreesWithOneThread } from './one-thread-model.ts';

let harness: Harness;
let seller: Seller;

beforeAll(async () => {
  harness = await startHarness({ sweepIntervalMs: 60_000 });
  seller = await aSeller(harness);
});
afterAll(() => harness?.stop());

describe('stock', () => {
  it('I7 agrees with a one-thread model after any sequence of commands, and its movements sum to it', async () => {
    await expect(agreesWithOneThread(() => ({ harness, seller }), 60)).resolves.toBeUndefined();
  });
});
