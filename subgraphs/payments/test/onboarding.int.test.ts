import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aUser, until } from '@marketgraph/platform/testing';
import { createLogger } from '@marketgraph/platform/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ids, type Marketplace, operator, startMarketplace } from './marketplace.ts';
import { type Neighbours, neighboursOf } from './payouts.ts';

const logFile = join(tmpdir(), `payments-onboarding-${process.pid}.log`);
let shop: Marketplace;
let neighbours: Neighbours;
beforeAll(async () => {
  shop = await startMarketplace({ log: createLogger({ service: 'payments', level: 'debug', file: logFile }) });
  neighbours = await neighboursOf(shop);
});
afterAll(async () => {
  await neighbours?.stop();
  await shop?.stop();
});

const ONBOARD = `mutation($vendorId: ID!) { payoutAccountOnboard(vendorId: $vendorId) {
  payoutAccount { id status requirements onboardingUrl } userErrors { code field } } }`;
const ACCOUNT =
  'query($of: [_Any!]!) { _entities(representations: $of) { ... on Vendor { payoutAccount { status requirements onboardingUrl } } } }';

interface Answer {
  payoutAccount: { status: string; requirements: string[]; onboardingUrl: string } | null;
  userErrors: { code: string; field: string[] }[];
}

const runs = (vendorId: string) => aUser({ memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });

async function onboard(vendorId: string, viewer = runs(vendorId)): Promise<Answer> {
  return (await shop.run<{ payoutAccountOnboard: Answer }>(viewer, ONBOARD, { vendorId })).payoutAccountOnboard;
}

async function accountOf(vendorId: string): Promise<unknown> {
  const of = [{ __typename: 'Vendor', id: vendorId }];
  const { _entities } = await shop.run<{ _entities: [{ payoutAccount: unknown }] }>(runs(vendorId), ACCOUNT, { of });
  return _entities[0].payoutAccount;
}

/** What the vendor's browser does with the provider's forms; resolves to where it is sent next. */
async function fillIn(url: string): Promise<string | null> {
  const page = await fetch(url, { redirect: 'manual' });
  if (page.status !== 200) return page.headers.get('location');
  const sent = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: '',
  });
  return sent.headers.get('location');
}

describe('P7 a vendor is sent to the forms of the provider', () => {
  it('P7 once approved: with an address, filled in there, ACTIVE by the webhook of the provider', async () => {
    const vendorId = ids.next('ven');
    await neighbours.approve(vendorId);
    const { payoutAccount, userErrors } = await onboard(vendorId);
    expect(userErrors).toEqual([]);
    expect(payoutAccount).toMatchObject({
      status: 'PENDING',
      requirements: expect.arrayContaining(['external_account']),
      onboardingUrl: expect.stringMatching(/^http/),
    });
    expect(await fillIn(payoutAccount!.onboardingUrl)).toBe('https://shop.example/vendor?onboarding=done');
    await until(async () => JSON.stringify(await accountOf(vendorId)).includes('ACTIVE'), {
      what: 'an active account',
    });
    expect(await accountOf(vendorId)).toEqual({ status: 'ACTIVE', requirements: [], onboardingUrl: null });
  });

  it('P7 the address is good for one visit and a few minutes: afterwards it leads back for another', async () => {
    const vendorId = ids.next('ven');
    await neighbours.approve(vendorId);
    const first = (await onboard(vendorId)).payoutAccount!.onboardingUrl;
    const second = (await onboard(vendorId)).payoutAccount!.onboardingUrl;
    expect(second).not.toBe(first);
    expect(await fillIn(first)).toBe('https://shop.example/vendor?onboarding=again');
    expect(await fillIn(second)).toBe('https://shop.example/vendor?onboarding=done');
    expect(await fillIn(second)).toBe('https://shop.example/vendor?onboarding=again');
    const late = (await onboard(vendorId)).payoutAccount!.onboardingUrl;
    shop.emulator.control.advanceClock(6 * 60 * 1_000);
    expect(await fillIn(late)).toBe('https://shop.example/vendor?onboarding=again');
  });

  it('P7 the address is in no table and no line of the log', async () => {
    const vendorId = ids.next('ven');
    await neighbours.approve(vendorId);
    const url = (await onboard(vendorId)).payoutAccount!.onboardingUrl;
    const token = url.split('/').at(-1)!;
    const tables = await shop.sql<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    for (const { name } of tables) {
      const found = await shop.sql(`select 1 from "${name}" row where row::text like ?`, [`%${token}%`]);
      expect(found, name).toEqual([]);
    }
    shop.emulator.control.addFault({ kind: 'error500BeforeEffect', match: { path: '/v1/account_links' }, times: 3 });
    await shop.execute(runs(vendorId), ONBOARD, { vendorId });
    shop.emulator.control.clearFaults();
    const log = await until(() => readFile(logFile, 'utf8').catch(() => ''), { what: 'lines in the log' });
    expect(log).not.toContain(token);
  });

  it('P7 nobody but who runs the vendor: for others it reads like one that is not there', async () => {
    const vendorId = ids.next('ven');
    await neighbours.approve(vendorId);
    const unknown = { payoutAccount: null, userErrors: [{ code: 'NOT_FOUND', field: ['vendorId'] }] };
    for (const stranger of [aUser(), operator, runs(ids.next('ven'))]) {
      expect(await onboard(vendorId, stranger)).toEqual(unknown);
      expect(await onboard(ids.next('ven'), stranger)).toEqual(unknown);
    }
    const staff = aUser({ memberships: [{ of: vendorId, role: 'VENDOR_STAFF' }] });
    expect(await onboard(vendorId, staff)).toMatchObject({ payoutAccount: null, userErrors: [{ code: 'FORBIDDEN' }] });
    const anonymous = await shop.execute({ kind: 'anonymous' }, ONBOARD, { vendorId });
    expect(anonymous.errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
  });

  it('P7 one that is not approved, or that the provider has refused, gets none', async () => {
    const refused = { payoutAccount: null, userErrors: [{ code: 'ILLEGAL_TRANSITION', field: ['vendorId'] }] };
    expect(await onboard(ids.next('ven'))).toEqual(refused);
    const vendorId = ids.next('ven');
    const reference = await neighbours.onboard(vendorId);
    shop.emulator.control.restrict(reference, 'rejected.fraud');
    expect(await onboard(vendorId)).toEqual(refused);
    expect(await accountOf(vendorId)).toMatchObject({ status: 'REJECTED' });
  });

  it('P7 R17 twenty calls at once, before the account is opened, open one', async () => {
    const vendorId = ids.next('ven');
    await neighbours.approve(vendorId);
    const answers = await Promise.all(Array.from({ length: 20 }, () => onboard(vendorId)));
    expect(answers.every(({ userErrors }) => userErrors.length === 0)).toBe(true);
    const rows = await shop.sql('select 1 from payout_account where vendor_id = ?', [vendorId]);
    expect(rows).toHaveLength(1);
  });

  it('P7 a provider that does not answer is "ask again", not a refusal', async () => {
    const vendorId = ids.next('ven');
    await neighbours.onboard(vendorId);
    shop.emulator.control.addFault({
      kind: 'dropConnectionBeforeEffect',
      match: { method: 'POST', path: '/v1/account_links' },
      times: 3,
    });
    const { errors } = await shop.execute(runs(vendorId), ONBOARD, { vendorId });
    shop.emulator.control.clearFaults();
    expect(errors?.[0]?.extensions['code']).toBe('SUBGRAPH_UNAVAILABLE');
    expect((await onboard(vendorId)).payoutAccount).toMatchObject({ status: 'ACTIVE' });
  });
});
