import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { newKey } from '../../story/cast.ts';
import { ask, type RawAnswer } from '../../support/raw-graph.ts';
import { minimalOperation } from '../access/minimal-operation.ts';
import { buyingCases } from './buying-cases.ts';
import { catalogCases } from './catalog-cases.ts';
import type { IdempotencyCases, PreparedCall } from './idempotency-case.ts';
import { type KeyedMutation, keyedMutations, keyedOperation } from './keyed-mutations.ts';
import { moneyCases } from './money-cases.ts';
import { returnCases } from './return-cases.ts';
import { openShopOfKeys, type ShopOfKeys } from './shop-of-keys.ts';
import { stockCases } from './stock-cases.ts';

const cases: IdempotencyCases = { ...stockCases, ...buyingCases, ...moneyCases, ...catalogCases, ...returnCases };

const AT_ONCE = 20;
/** "It is still being done": whoever asks again with the same key gets the answer. */
const IN_PROGRESS = new Set(['IDEMPOTENCY_IN_PROGRESS', 'SERVICE_UNAVAILABLE', 'CONFLICT']);
const PATIENCE_MS = 20_000;

interface Payload {
  userErrors: { code: string; message: string }[];
  [field: string]: unknown;
}
type Answer = RawAnswer<Record<string, Payload>>;

const NO_KEYS = [
  '',
  'short',
  'k'.repeat(256),
  'with a space',
  'ünïcode-key',
  12_345_678,
  ['a-good-key-in-a-list', 'and another'],
];

const HOW =
  'A mutation with an idempotency key needs a case in tests/e2e/idempotency/*-cases.ts: what to select, how to make one call ready, ' +
  'an input that differs, and a count of its effects in the stores.';

it(`R17 every mutation that takes a key has a case, and no case is of a mutation that is gone. ${HOW}`, () => {
  expect(Object.keys(cases).toSorted()).toEqual(keyedMutations.map(({ name }) => name).toSorted());
});

describe('one key', () => {
  let shop: ShopOfKeys;

  beforeAll(async () => {
    shop = await openShopOfKeys();
  });
  afterAll(() => shop?.close());

  const call = (
    mutation: KeyedMutation,
    { by }: Pick<PreparedCall, 'by'>,
    { args, key }: { args: Record<string, unknown>; key: unknown },
  ): Promise<Answer> =>
    ask(shop.market.url, keyedOperation(mutation, cases[mutation.name]?.select ?? '__typename'), {
      variables: { ...args, [mutation.keyArgument]: key },
      token: by.accessToken,
    });

  /** The payload, asked for again while it is being made. */
  const payloadOf = async (
    mutation: KeyedMutation,
    { by, args, key }: { by: PreparedCall['by']; args: Record<string, unknown>; key: string },
  ): Promise<Payload> => {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { data, errors } = await call(mutation, { by }, { args, key });
      const payload = data?.[mutation.name];
      if (!payload || errors.length > 0) throw new Error(`${mutation.name}: ${JSON.stringify(errors)}`);
      const isPending = JSON.stringify(payload).includes('"PENDING_PAYMENT"') && mutation.name === 'checkoutComplete';
      const isInProgress = isPending || payload.userErrors.some(({ code }) => IN_PROGRESS.has(code));
      if (!isInProgress || Date.now() > deadline) return payload;
      await pause(50);
    }
  };

  it.each(keyedMutations.filter(({ name }) => name in cases))(
    'R17 R18 $name: 20 times at once is one effect and one answer; another input is IDEMPOTENCY_KEY_REUSED; another’s key is another’s',
    async (mutation) => {
      const { name } = mutation;
      const [one, two] = shop.parties;
      const key = newKey();
      const mine = await cases[name]!.prepare(shop, one);
      onTestFinished(mine.end ?? (() => undefined));

      const asked = { by: mine.by, args: mine.args, key };
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => payloadOf(mutation, asked)));
      const [first] = answers;
      expect(first!.userErrors).toEqual([]);
      for (const answer of answers) expect(answer).toEqual(first);
      expect(await payloadOf(mutation, asked)).toEqual(first);
      expect(await mine.effects()).toBe(1);

      const reused = await payloadOf(mutation, { ...asked, args: mine.otherArgs });
      expect(reused.userErrors.map(({ code }) => code)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
      expect(await mine.effects()).toBe(1);

      const theirs = await cases[name]!.prepare(shop, two);
      onTestFinished(theirs.end ?? (() => undefined));
      const second = await payloadOf(mutation, { by: theirs.by, args: theirs.args, key });
      expect(second.userErrors).toEqual([]);
      // A batch answers with counts, which are the same of both.
      if (name !== 'inventorySyncBatch') expect(second).not.toEqual(first);
      expect([await mine.effects(), await theirs.effects()]).toEqual([1, 1]);
    },
  );

  it.each(keyedMutations)('R18 $name refuses what is no key', async (mutation) => {
    const { field, keyArgument } = mutation;
    const { variables } = minimalOperation('mutation', field, { [keyArgument]: '' });
    for (const key of NO_KEYS) {
      const { codes, errors, data } = await call(mutation, { by: shop.parties[0].operator }, { args: variables, key });
      expect({ key, codes, data: data?.[mutation.name] ?? null }).toEqual({
        key,
        codes: ['BAD_USER_INPUT'],
        data: null,
      });
      expect(errors.map(({ message }) => message).join()).toMatch(/idempotencyKey/i);
    }
  });
});
