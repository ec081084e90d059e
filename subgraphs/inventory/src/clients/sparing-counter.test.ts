import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sparingCounter } from './sparing-counter.ts';
import type { CounterValue, StockCounter, Wanted } from './stock-counter.ts';

let now: number;
let asked: (readonly Wanted[])[];
let told: CounterValue[][];
let counter: ReturnType<typeof sparingCounter>;

/** Admits nobody, so that whoever is admitted was not asked about. */
const closedDoor: StockCounter = {
  async admit(_, wanted) {
    asked.push(wanted);
    return { answer: 'unknown', offerIds: [] };
  },
  put: async (values) => void told.push([...values]),
  read: async (offerIds) => new Map(offerIds.map((offerId) => [offerId, told.length])),
};

beforeEach(() => {
  vi.useFakeTimers();
  [now, asked, told] = [0, [], []];
  counter = sparingCounter(closedDoor, () => now);
});
afterEach(() => void vi.useRealTimers());

const value = (offerId: string, available: number, sequence = 1, settled?: string[]): CounterValue => ({
  ...{ offerId, available, sequence },
  ...(settled ? { settled } : {}),
});
const isAdmitted = async (...wanted: [offerId: string, quantity: number][]) =>
  (
    await counter.admit(
      'crt_1',
      wanted.map(([offerId, quantity]) => ({ offerId, quantity })),
    )
  ).answer === 'admitted';

describe('whoever wants what there is plenty of', () => {
  it('is admitted while thousands are left of all of it, by what was decided last and admitted since', async () => {
    expect(await isAdmitted(['ample', 1])).toBe(false);
    await counter.tell([value('ample', 2_010), value('scarce', 1_999)]);
    expect(await isAdmitted(['ample', 6])).toBe(true);
    expect(await isAdmitted(['ample', 5])).toBe(false);
    expect(await isAdmitted(['ample', 1], ['scarce', 1])).toBe(false);
    // What was refused took nothing.
    expect(await isAdmitted(['ample', 4])).toBe(true);
    expect(await isAdmitted(['ample', 1])).toBe(false);
    expect(asked).toHaveLength(4);
    await counter.tell([value('ample', 2_001, 2)]);
    expect(await isAdmitted(['ample', 1])).toBe(true);
  });

  it('is asked about once that is not sure any more: after a second, at fewer, and never by an older number', async () => {
    await counter.put([value('ample', 5_000, 7)]);
    now = 999;
    expect(await isAdmitted(['ample', 1])).toBe(true);
    now = 1_000;
    expect(await isAdmitted(['ample', 1])).toBe(false);
    await counter.tell([value('ample', 9_000, 6)]);
    expect(await isAdmitted(['ample', 1])).toBe(false);
    await counter.tell([value('ample', 5_000, 8)]);
    expect(await isAdmitted(['ample', 1])).toBe(true);
    await counter.tell([value('ample', 10, 10)]);
    await counter.tell([value('ample', 5_000, 9)]);
    expect(await isAdmitted(['ample', 1])).toBe(false);
  });

  it('has a claim where somebody insists on one', async () => {
    await counter.tell([value('ample', 5_000)]);
    await counter.admit('crt_1', [{ offerId: 'ample', quantity: 1 }], { insist: true });
    expect(asked).toHaveLength(1);
  });
});

describe('the counter', () => {
  it('is told of what is scarce at once, and of plenty by and by: the newest number and all claims that are decided', async () => {
    await counter.tell([value('ample', 5_000, 1, ['crt_1']), value('scarce', 3, 1, ['crt_1'])]);
    await counter.tell([value('ample', 4_000, 3, ['crt_2'])]);
    await counter.tell([value('ample', 4_500, 2)]);
    expect(told).toEqual([[value('scarce', 3, 1, ['crt_1'])]]);
    await vi.advanceTimersByTimeAsync(60);
    expect(told.slice(1)).toEqual([[value('ample', 4_000, 3, ['crt_1', 'crt_2'])]]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toHaveLength(2);
  });

  it('is told before it is read, before there is too much to tell, and at the end', async () => {
    await counter.tell([value('ample', 5_000)]);
    expect(await counter.read(['ample'])).toEqual(new Map([['ample', 1]]));
    await counter.tell(Array.from({ length: 500 }, (_, at) => value(`off_${at}`, 5_000)));
    expect(told.map((values) => values.length)).toEqual([1, 500]);
    const many = Array.from({ length: 1_000 }, (_, at) => `crt_${at}`);
    await counter.tell([value('ample', 4_000, 2, many)]);
    expect(told.map((values) => values.length)).toEqual([1, 500, 1]);
    await counter.tell([value('ample', 3_000, 3)]);
    await counter.close();
    expect(told.at(-1)).toMatchObject([value('ample', 3_000, 3)]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toHaveLength(4);
  });
});
