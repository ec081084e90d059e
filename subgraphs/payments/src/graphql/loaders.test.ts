import { defineSubgraph } from '@marketgraph/platform/graphql';
import type { Database } from '@marketgraph/platform/postgres';
import { aUser, silentLog, testIds } from '@marketgraph/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PaymentsDeps } from '../commands/payments-deps.ts';
import { paymentsSchema } from '../schema.ts';
import { createLoaders } from './loaders.ts';
import type { PaymentsContext } from './payments-context.ts';

/** Counts what reaches the store; finds nothing but what it is told to. */
let calls: string[] = [];
let rows: Record<string, object[]> = {};
const em = {
  async find(entity: { name: string }): Promise<object[]> {
    calls.push(entity.name);
    return rows[entity.name] ?? [];
  },
  async execute(): Promise<object[]> {
    calls.push('sql');
    return [];
  },
};
// Only what the loaders use of it.
const orm = { em: { fork: () => em } } as unknown as Database;

const subgraph = defineSubgraph<PaymentsContext>({
  name: 'payments',
  schema: paymentsSchema(),
  log: silentLog,
  createContext: (base) => ({ ...base, deps: { orm } as PaymentsDeps, loaders: createLoaders(orm) }),
});

const ids = testIds();
const many = (prefix: string) => Array.from({ length: 50 }, () => ids.next(prefix));
const operator = aUser({ roles: ['OPERATOR'] });

async function entities(typename: string, keys: string[], selection: string): Promise<unknown> {
  const { data, errors } = await subgraph.execute({
    query: `query($r: [_Any!]!) { _entities(representations: $r) { ... on ${typename} { ${selection} } } }`,
    variables: { r: keys.map((id) => ({ __typename: typename, id })) },
    viewer: operator,
    requestId: 'test',
  });
  expect(errors).toBeUndefined();
  return data;
}

function aPaymentRow(orderId: string): object {
  const amounts = { amount: 1, authorizedAmount: 0, capturedAmount: 0, refundedAmount: 0, currency: 'EUR' };
  return { id: ids.next('pay'), orderId, buyerId: 'usr', status: 'FAILED', createdAt: new Date(), ...amounts };
}

beforeEach(() => {
  calls = [];
  rows = {};
});

describe('fifty at once', () => {
  it('orders with payments and their transactions ask the store twice', async () => {
    const orders = many('ord');
    rows['PaymentRow'] = orders.map(aPaymentRow);
    await entities('Order', orders, 'payment { id transactions { id } }');
    expect(calls).toEqual(['PaymentRow', 'TransactionRow']);
  });

  it.each([
    ['VendorOrder', 'vor', 'settlement { id }', ['SettlementRow']],
    ['Vendor', 'ven', 'payoutAccount { id } balance { held { amount } }', ['PayoutAccountRow', 'sql']],
    ['User', 'usr', 'paymentMethods { last4 }', ['MethodRow']],
    ['Payment', 'pay', 'id', ['PaymentRow']],
    ['PaymentTransaction', 'ptx', 'id', ['TransactionRow']],
    ['VendorSettlement', 'stl', 'id', ['SettlementRow']],
    ['PayoutAccount', 'pac', 'id', ['PayoutAccountRow']],
    ['CommissionRule', 'cmr', 'id', ['CommissionRuleRow']],
    ['LedgerAccount', 'lac', 'id', ['LedgerAccountRow']],
  ])('%s: one call of the store for each thing asked of it', async (typename, prefix, selection, expected) => {
    await entities(typename, many(prefix), selection);
    expect(calls).toEqual(expected);
  });
});
