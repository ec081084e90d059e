import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@marketgraph/platform/core';
import { anonymous, type StreamRoot, type Subgraph, type UserViewer, type Viewer } from '@marketgraph/platform/graphql';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import { generateServiceKey, type SubgraphClient } from '@marketgraph/platform/serve';
import { silentLog as log, testIds } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { decodeJwt } from 'jose';
import type { MailSink } from '../src/clients/mail-sink.ts';
import type { PasswordHasher } from '../src/clients/password-hasher.ts';
import { type AccountsConfig, readAccountsConfig } from '../src/config.ts';
import { createAccounts } from '../src/subgraph.ts';

export const ids = testIds();
export const gateway: Viewer = { kind: 'service', service: 'gateway' };
export const OPERATOR = { email: 'operator@test.example', password: 'operator password' };
export const PASSWORD = 'correct horse battery';

export interface Refusal {
  code: string;
  message: string;
  field: string[] | null;
}

export interface Harness {
  stores: Stores;
  config: AccountsConfig;
  subgraph: Subgraph;
  /** The application's own connection, to look behind the API. */
  db: Database;
  redis: Redis;
  bus: EventBus;
  ask<Data>(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<Data>;
  askEvent<Data>(viewer: Viewer, query: string, event: StreamRoot): Promise<Data>;
  /** Ends the process of before, as far as there is one, and starts another on the same stores. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  clock?: Clock;
  passwords?: PasswordHasher;
  mailSink?: MailSink;
}

const noPeers: SubgraphClient = {
  call: () => Promise.reject(new Error('accounts calls no other subgraph')),
};

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const stores = await startTestStores({ only: ['postgres', 'redis'] });
  const outboxDir = await mkdtemp(join(tmpdir(), 'accounts-outbox-'));
  const { appUrl, ownerUrl } = stores.postgres.accounts;
  const key = await generateServiceKey('test-key');
  const config = readAccountsConfig({
    DATABASE_URL: appUrl,
    MIGRATION_DATABASE_URL: ownerUrl,
    REDIS_URL: stores.redis.accounts,
    JWT_PRIVATE_KEYS: JSON.stringify([key.privateJwk]),
    OUTBOX_DIR: outboxDir,
    OPERATOR_EMAIL: OPERATOR.email,
    OPERATOR_PASSWORD: OPERATOR.password,
  });
  const start = async () => {
    const subgraph = await createAccounts({ config, log, peers: noPeers, ...options });
    await subgraph.start();
    return subgraph;
  };
  let subgraph = await start();
  const db = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'test' });
  const redis = await connectRedis(stores.redis.accounts, { log, name: 'test' });
  const bus = await createRedisBus({ url: stores.redis.accounts, log });
  return {
    stores,
    config,
    db,
    redis,
    bus,
    get subgraph() {
      return subgraph;
    },
    ask: (viewer, query, variables = {}) =>
      answered(subgraph.execute({ query, variables, viewer, requestId: randomUUID() })),
    askEvent: (viewer, query, event) =>
      answered(subgraph.executeEvent({ query, viewer, requestId: randomUUID(), event })),
    async restart() {
      await subgraph.stop();
      subgraph = await start();
    },
    async stop() {
      await bus.close();
      await closeRedis(redis);
      await db.close();
      await subgraph.stop();
      await stores.stop();
      await rm(outboxDir, { recursive: true, force: true });
    },
  };
}

async function answered<Data>(running: ReturnType<Subgraph['execute']>): Promise<Data> {
  const { data, errors } = await running;
  if (errors?.[0]) throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions['code'] });
  return JSON.parse(JSON.stringify(data)) as Data;
}

export interface SessionAnswer {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
}

export interface SignInAnswer {
  user: { id: string; email: string; displayName: string | null; roles: string[] } | null;
  session: SessionAnswer | null;
  userErrors: Refusal[];
}

const SIGN_IN =
  'user { id email displayName roles } session { accessToken refreshToken expiresAt } userErrors { code message field }';

export async function register(harness: Harness, input: Record<string, unknown>): Promise<SignInAnswer> {
  const query = `mutation($input: RegisterInput!) { register(input: $input) { ${SIGN_IN} } }`;
  const full = { password: PASSWORD, accountType: 'BUYER', ...input };
  return (await harness.ask<{ register: SignInAnswer }>(anonymous, query, { input: full })).register;
}

export async function login(harness: Harness, email: string, password = PASSWORD): Promise<SignInAnswer> {
  const query = `mutation($input: LoginInput!) { login(input: $input) { ${SIGN_IN} } }`;
  return (await harness.ask<{ login: SignInAnswer }>(anonymous, query, { input: { email, password } })).login;
}

/** That a token was used before is an error of the request; here it is told like the other refusals. */
export async function refresh(harness: Harness, refreshToken: string): Promise<SignInAnswer> {
  const query = `mutation($token: String!) { refreshSession(refreshToken: $token) { ${SIGN_IN} } }`;
  try {
    return (await harness.ask<{ refreshSession: SignInAnswer }>(anonymous, query, { token: refreshToken }))
      .refreshSession;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'REFRESH_REUSED')) throw error;
    return { user: null, session: null, userErrors: [{ code: error.code, message: error.message, field: null }] };
  }
}

/** Whom the gateway takes the bearer of this token for. */
export function viewerOf(accessToken: string): UserViewer {
  const { sub, sid, roles, mem } = decodeJwt<{ sid: string; roles: string[]; mem: UserViewer['memberships'] }>(
    accessToken,
  );
  return { kind: 'user', userId: sub!, sessionId: sid, roles, memberships: mem };
}

export async function signedIn(answer: Promise<SignInAnswer>): Promise<UserViewer> {
  const { session, userErrors } = await answer;
  if (!session) throw new Error(JSON.stringify(userErrors));
  return viewerOf(session.accessToken);
}

let people = 0;

export function anEmail(): string {
  people += 1;
  return `person-${people}@test.example`;
}

export const aBuyer = (harness: Harness): Promise<UserViewer> =>
  signedIn(register(harness, { email: anEmail(), displayName: 'Bea Buyer' }));

export const theOperator = (harness: Harness): Promise<UserViewer> =>
  signedIn(login(harness, OPERATOR.email, OPERATOR.password));

export interface Seller {
  viewer: UserViewer;
  email: string;
  organizationId: string;
}

export async function aSeller(harness: Harness): Promise<Seller> {
  const email = anEmail();
  const viewer = await signedIn(
    register(harness, { email, accountType: 'VENDOR', organization: { name: 'North Lamps Ltd', type: 'SELLER' } }),
  );
  return { viewer, email, organizationId: viewer.memberships[0]!.of };
}

export interface VendorAnswer {
  vendor: { id: string; handle: string; status: string; kycStatus: string; version: number } | null;
  userErrors: Refusal[];
}

const VENDOR = 'vendor { id handle status kycStatus version } userErrors { code message field }';

let handles = 0;

export function aHandle(): string {
  handles += 1;
  return `shop-${handles}`;
}

export async function apply(
  harness: Harness,
  { viewer, organizationId }: Pick<Seller, 'viewer' | 'organizationId'>,
  input: Record<string, unknown> = {},
): Promise<VendorAnswer> {
  const query = `mutation($input: VendorApplyInput!) { vendorApply(input: $input) { ${VENDOR} } }`;
  const address = { line1: '1 Market Square', city: 'Berlin', countryCode: 'DE', phone: '+49 30 1', name: 'Nora' };
  const full = { businessName: 'North Lamps', handle: aHandle(), organizationId, address, ...input };
  return (await harness.ask<{ vendorApply: VendorAnswer }>(viewer, query, { input: full })).vendorApply;
}

export async function submitKyc(harness: Harness, viewer: Viewer, vendorId: string): Promise<VendorAnswer> {
  const query = `mutation($input: KycSubmitInput!) { vendorKycSubmit(input: $input) { ${VENDOR} } }`;
  const input = { vendorId, documents: [{ kind: 'REGISTER_EXTRACT', uploadId: ids.next('upl') }] };
  return (await harness.ask<{ vendorKycSubmit: VendorAnswer }>(viewer, query, { input })).vendorKycSubmit;
}

export async function review(
  harness: Harness,
  viewer: Viewer,
  input: { id: string; decision: string; expectedVersion: number; reason?: string },
): Promise<VendorAnswer> {
  const query = `mutation($input: VendorReviewInput!) { vendorReview(input: $input) { ${VENDOR} } }`;
  return (await harness.ask<{ vendorReview: VendorAnswer }>(viewer, query, { input })).vendorReview;
}

/** A vendor that has come all the way, with its owner signed in anew. */
export async function anActiveVendor(
  harness: Harness,
  input: Record<string, unknown> = {},
): Promise<{ id: string; owner: UserViewer }> {
  const seller = await aSeller(harness);
  const { vendor } = await apply(harness, seller, input);
  const owner = await signedIn(login(harness, seller.email));
  const submitted = await submitKyc(harness, owner, vendor!.id);
  const operator = await theOperator(harness);
  await review(harness, operator, { id: vendor!.id, decision: 'APPROVE', expectedVersion: submitted.vendor!.version });
  return { id: vendor!.id, owner };
}

/** Everything written to the outbox for this key, oldest first. */
export async function eventsOf(
  harness: Harness,
  key: string,
): Promise<{ name: string; sequence: number; payload: unknown }[]> {
  return harness.db.em
    .fork()
    .execute('select name, sequence::int as sequence, payload from outbox where key = ? order by position', [key]);
}
