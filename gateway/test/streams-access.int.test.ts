import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import { silentLog as log, testIds } from '@marketgraph/platform/testing';
import { principalChanged } from '@marketgraph/schema/events/accounts';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultTimeouts } from '../src/config.ts';
import { type Listen, type Listener, overEventStream, overMultipart, overWebSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const NEWS = 'subscription($id: ID!) { vendorNews(vendorId: $id) { step } }';
const CHANGED = 'subscription($id: ID!) { orderStatusChanged(orderId: $id) { step } }';

const ids = testIds();
let stores: Stores;
let accounts: Redis;
let test: TestGateway;
const listeners: Listener[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  accounts = await connectRedis(stores.redis.accounts, { log, name: 'accounts' });
  test = await startTestGateway({
    redisUrl: stores.redis.gateway,
    config: { timeouts: { ...defaultTimeouts, sessionCheckMs: 50 } },
  });
});
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.stop();
});
afterAll(async () => {
  await test?.stop();
  if (accounts) await closeRedis(accounts);
  await stores?.stop();
});

async function aSeller(...vendors: string[]) {
  const [userId, sessionId] = [ids.next('usr'), ids.next('ses')];
  const token = await test.signer.token({ userId, sessionId });
  const isMemberOf = (...of: string[]) =>
    test.shop.state.principals.set(sessionId, {
      active: true,
      roles: ['BUYER', 'SELLER'],
      memberships: of.map((vendor) => ({ of: vendor, role: 'OWNER' })),
    });
  isMemberOf(...vendors);
  const tellAccounts = () => test.publish([], {}, { domain: 'accounts', name: principalChanged.name, key: userId });
  return { userId, sessionId, token, isMemberOf, tellAccounts };
}

async function listen(how: Listen, query: string, id: string, token: string): Promise<Listener> {
  const listener = how(test, { query, variables: { id } }, token);
  listeners.push(listener);
  await listener.seen(1);
  return listener;
}
const news = (vendor: string, step: number) => test.publish([`vendorNews:${vendor}`], { step }, { domain: 'feeds' });
const stepsOf = ({ results }: Listener) => results.map(({ data }) => data.vendorNews.step);

/** The code of the error that ended it; of a socket that was closed, its close code. */
async function reasonOf(stream: Listener): Promise<string | number> {
  const { kind, error } = await stream.ended();
  if (kind === 'error') return Array.isArray(error) ? error[0].extensions.code : error.code;
  return stream.results.at(-1).errors[0].extensions.code;
}

describe.each([
  ['graphql-ws', overWebSocket, 4403],
  ['graphql-sse', overEventStream, 'UNAUTHENTICATED'],
  ['multipart', overMultipart, 'UNAUTHENTICATED'],
] as const)('a stream over %s', (_, how, sessionEnded) => {
  it('of a vendor ends when the membership is removed, and only that vendor’s', async () => {
    const [left, kept] = [ids.next('ven'), ids.next('ven')];
    const seller = await aSeller(left, kept);
    const colleague = await aSeller(left);
    const [gone, stays] = [await listen(how, NEWS, left, seller.token), await listen(how, NEWS, kept, seller.token)];
    const others = await listen(how, NEWS, left, colleague.token);
    seller.isMemberOf(kept);
    await seller.tellAccounts();
    expect(await reasonOf(gone)).toBe('FORBIDDEN');
    await news(left, 1);
    await news(kept, 2);
    await Promise.all([stays.seen(2), others.seen(2)]);
    expect([stepsOf(stays), stepsOf(others), stays.end, others.end]).toEqual([[0, 2], [0, 1], undefined, undefined]);
  });

  it('of a vendor is refused to who is no member', async () => {
    const stranger = await aSeller(ids.next('ven'));
    const refused = how(test, { query: NEWS, variables: { id: ids.next('ven') } }, stranger.token);
    listeners.push(refused);
    expect(await reasonOf(refused)).toBe('FORBIDDEN');
  });

  it('ends with a logout elsewhere, even when nobody tells of it', async () => {
    const [vendor] = [ids.next('ven')];
    const seller = await aSeller(vendor);
    const stream = await listen(how, NEWS, vendor, seller.token);
    await accounts.set(`accounts:revoked:${seller.sessionId}`, '1', 'EX', 60);
    expect(await reasonOf(stream)).toBe(sessionEnded);
  });

  it('ends when the account is closed', async () => {
    const vendor = ids.next('ven');
    const seller = await aSeller(vendor);
    const stream = await listen(how, NEWS, vendor, seller.token);
    test.shop.state.principals.set(seller.sessionId, { active: false, roles: [], memberships: [] });
    await seller.tellAccounts();
    expect(await reasonOf(stream)).toBe(sessionEnded);
  });

  it('of another user’s order is like one of no order, also when the order changes hands', async () => {
    const [buyer, other] = [await aSeller(), await aSeller()];
    const orderId = ids.next('ord');
    test.shop.state.orders.set(orderId, { buyerId: buyer.userId, status: 'CONFIRMED' });
    const foreign = how(test, { query: CHANGED, variables: { id: orderId } }, other.token);
    const unknown = how(test, { query: CHANGED, variables: { id: ids.next('ord') } }, other.token);
    listeners.push(foreign, unknown);
    expect([await reasonOf(foreign), await reasonOf(unknown)]).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    const own = await listen(how, CHANGED, orderId, buyer.token);
    test.shop.state.orders.set(orderId, { buyerId: other.userId, status: 'CONFIRMED' });
    await test.publish([`orderStatusChanged:${orderId}`], { step: 1 });
    expect(await reasonOf(own)).toBe('BAD_USER_INPUT');
    expect(own.results.filter(({ data }) => data?.orderStatusChanged?.step === 1)).toEqual([]);
  });
});
