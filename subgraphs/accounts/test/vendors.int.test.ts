import { anonymous, type UserViewer } from '@marketgraph/platform/graphql';
import { type EntityManager, openDatabase, sqlStateOf } from '@marketgraph/platform/postgres';
import { silentLog } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAuditChain } from '../src/store/audit.ts';
import { vendorPageStatement } from '../src/store/vendors.ts';
import {
  aBuyer,
  aHandle,
  anActiveVendor,
  apply,
  aSeller,
  eventsOf,
  type Harness,
  ids,
  login,
  review,
  signedIn,
  startHarness,
  submitKyc,
  theOperator,
} from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.stop());

interface Entry {
  action: string;
  actor: { id: string } | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  requestId: string | null;
  hash: string;
  previousHash: string | null;
}

const entriesAbout = async (subjectId: string): Promise<Entry[]> => {
  const { auditLog } = await harness.ask<{ auditLog: { edges: { node: Entry }[] } }>(
    await theOperator(harness),
    `query($subjectId: ID) { auditLog(filter: { subjectId: $subjectId }) {
       edges { node { action actor { id } before after requestId hash previousHash } } } }`,
    { subjectId },
  );
  return auditLog.edges.map(({ node }) => node);
};

const suspend = (viewer: Parameters<Harness['ask']>[0], id: string) =>
  harness.ask<{ vendorSuspend: { vendor: { status: string } | null; userErrors: { code: string }[] } }>(
    viewer,
    'mutation($id: ID!) { vendorSuspend(id: $id, reason: "Complaints") { vendor { status } userErrors { code } } }',
    { id },
  );

/** As the role that owns the tables, which the service itself never is. */
async function asOwner(work: (em: EntityManager) => Promise<void>): Promise<void> {
  const url = harness.stores.postgres.accounts.ownerUrl;
  const owner = await openDatabase({ url, entities: [], log: silentLog, applicationName: 'test owner' });
  try {
    await work(owner.em.fork());
  } finally {
    await owner.close();
  }
}

describe('onboarding', () => {
  it('A7 goes from application over documents to approval, every step in the audit log', async () => {
    const seller = await aSeller(harness);
    const applied = await apply(harness, seller);
    expect(applied).toMatchObject({
      vendor: { status: 'APPLIED', kycStatus: 'NOT_STARTED', version: 1 },
      userErrors: [],
    });
    const id = applied.vendor!.id;

    const owner = await signedIn(login(harness, seller.email));
    expect(owner.roles).toEqual(expect.arrayContaining(['BUYER', 'VENDOR_ADMIN']));
    expect(owner.memberships).toEqual([
      { of: seller.organizationId, role: 'VENDOR_ADMIN' },
      { of: id, role: 'VENDOR_ADMIN' },
    ]);
    const submitted = await submitKyc(harness, owner, id);
    expect(submitted.vendor).toMatchObject({ status: 'PENDING_REVIEW', kycStatus: 'SUBMITTED', version: 2 });
    const operator = await theOperator(harness);
    const input = { id, decision: 'REQUEST_INFORMATION', expectedVersion: 2, reason: 'Unreadable' };
    expect((await review(harness, operator, input)).vendor).toMatchObject({
      status: 'ONBOARDING',
      kycStatus: 'NEEDS_INFORMATION',
    });
    expect((await submitKyc(harness, owner, id)).vendor?.version).toBe(4);
    const approved = await review(harness, operator, { id, decision: 'APPROVE', expectedVersion: 4 });
    expect(approved).toMatchObject({ vendor: { status: 'ACTIVE', kycStatus: 'VERIFIED', version: 5 }, userErrors: [] });

    const entries = (await entriesAbout(id)).toReversed();
    expect(
      entries.map(({ action, actor, before, after }) => [
        action,
        actor?.id,
        before?.['status'] ?? null,
        after?.['status'],
      ]),
    ).toEqual([
      ['vendor.applied', owner.userId, null, 'APPLIED'],
      ['vendor.kycSubmitted', owner.userId, 'APPLIED', 'PENDING_REVIEW'],
      ['vendor.informationRequested', operator.userId, 'PENDING_REVIEW', 'ONBOARDING'],
      ['vendor.kycSubmitted', owner.userId, 'ONBOARDING', 'PENDING_REVIEW'],
      ['vendor.approved', operator.userId, 'PENDING_REVIEW', 'ACTIVE'],
    ]);
    expect(entries[2]!.after).toMatchObject({ reason: 'Unreadable' });
    expect(entries.every(({ requestId }) => requestId !== null)).toBe(true);
    const changes = await eventsOf(harness, id);
    expect(changes.map(({ sequence, payload }) => [sequence, (payload as { status: string }).status])).toEqual([
      [1, 'APPLIED'],
      [2, 'PENDING_REVIEW'],
      [3, 'ONBOARDING'],
      [4, 'PENDING_REVIEW'],
      [5, 'ACTIVE'],
    ]);
    expect((await eventsOf(harness, owner.userId)).map(({ name }) => name)).toContain('accounts.principalChanged');
  });

  it('A7 decides on the version looked at, once, when ten operators decide at the same time', async () => {
    const seller = await aSeller(harness);
    const { vendor } = await apply(harness, seller);
    await submitKyc(harness, await signedIn(login(harness, seller.email)), vendor!.id);
    const operator = await theOperator(harness);
    const stale = await review(harness, operator, { id: vendor!.id, decision: 'APPROVE', expectedVersion: 1 });
    expect(stale).toMatchObject({
      vendor: null,
      userErrors: [{ code: 'VERSION_MISMATCH', field: ['expectedVersion'] }],
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        review(harness, operator, {
          id: vendor!.id,
          decision: index % 2 === 0 ? 'APPROVE' : 'REJECT',
          expectedVersion: 2,
        }),
      ),
    );
    expect(answers.filter((answer) => answer.vendor !== null)).toHaveLength(1);
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'VERSION_MISMATCH')).toHaveLength(9);
    expect((await entriesAbout(vendor!.id)).map(({ action }) => action)).toHaveLength(3);
  });

  it('A7 takes documents once, from whoever runs the vendor', async () => {
    const seller = await aSeller(harness);
    const id = (await apply(harness, seller)).vendor!.id;
    const owner = await signedIn(login(harness, seller.email));
    const stranger = (await anActiveVendor(harness)).owner;
    expect((await submitKyc(harness, stranger, id)).userErrors[0]).toMatchObject({
      code: 'NOT_FOUND',
      field: ['vendorId'],
    });
    const answers = await Promise.all(Array.from({ length: 5 }, () => submitKyc(harness, owner, id)));
    expect(answers.filter(({ vendor }) => vendor !== null)).toHaveLength(1);
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'ILLEGAL_TRANSITION')).toHaveLength(4);
    const [documents] = await harness.db.em
      .fork()
      .execute<{ n: number }[]>('select count(*)::int as n from kyc_document where vendor_id = ?', [id]);
    expect(documents!.n).toBe(1);
  });

  it('A4 A7 keeps decisions with operators', async () => {
    const { id, owner } = await anActiveVendor(harness);
    const input = { id, decision: 'APPROVE', expectedVersion: 3 };
    for (const viewer of [owner, await aBuyer(harness)]) {
      await expect(review(harness, viewer, input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(suspend(viewer, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(harness.ask(viewer, '{ auditLog { pageInfo { endCursor } } }')).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
    }
    await expect(review(harness, anonymous, input)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('A7 suspends an active vendor, hides it from the public and lets it come back', async () => {
    const { id, owner } = await anActiveVendor(harness);
    const operator = await theOperator(harness);
    const read = 'query($id: ID!) { vendor(id: $id) { status version } }';
    expect(await harness.ask(anonymous, read, { id })).toMatchObject({ vendor: { status: 'ACTIVE' } });
    expect((await suspend(operator, id)).vendorSuspend).toMatchObject({
      vendor: { status: 'SUSPENDED' },
      userErrors: [],
    });
    expect((await suspend(operator, id)).vendorSuspend.userErrors[0]?.code).toBe('ILLEGAL_TRANSITION');
    expect(await harness.ask(anonymous, read, { id })).toEqual({ vendor: null });
    expect(await harness.ask(owner, read, { id })).toEqual({ vendor: { status: 'SUSPENDED', version: 4 } });
    const back = await review(harness, operator, { id, decision: 'APPROVE', expectedVersion: 4 });
    expect(back.vendor?.status).toBe('ACTIVE');
    expect((await suspend(operator, ids.next('ven'))).vendorSuspend.userErrors[0]?.code).toBe('NOT_FOUND');
  });
});

describe('applications', () => {
  it('A6 make one vendor per owner, however often and at the same time they come', async () => {
    const seller = await aSeller(harness);
    const answers = await Promise.all(Array.from({ length: 8 }, () => apply(harness, seller)));
    expect(answers.filter(({ vendor }) => vendor !== null)).toHaveLength(1);
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'CONFLICT')).toHaveLength(7);
    expect((await apply(harness, seller)).userErrors[0]).toMatchObject({ code: 'CONFLICT', field: ['organizationId'] });
    // Not with another organization either: the owner has one already.
    const { organizationCreate } = await harness.ask<{ organizationCreate: { organization: { id: string } } }>(
      seller.viewer,
      'mutation { organizationCreate(input: { name: "Second", type: SELLER }) { organization { id } userErrors { code } } }',
    );
    const second = { viewer: seller.viewer, organizationId: organizationCreate.organization.id };
    expect((await apply(harness, second)).userErrors[0]?.code).toBe('CONFLICT');
  });

  it('A6 are refused for a taken handle, and the field says so', async () => {
    const handle = aHandle();
    await apply(harness, await aSeller(harness), { handle });
    const refused = await apply(harness, await aSeller(harness), { handle });
    expect(refused).toMatchObject({ vendor: null, userErrors: [{ code: 'CONFLICT', field: ['handle'] }] });
  });

  it.each([
    [{ handle: 'No-Capitals' }, 'INVALID', ['handle']],
    [{ handle: 'ab' }, 'INVALID', ['handle']],
    [{ handle: 'double--hyphen' }, 'INVALID', ['handle']],
    [{ businessName: ' ' }, 'INVALID', ['businessName']],
    [{ address: { line1: '', city: 'Berlin', countryCode: 'DE' } }, 'INVALID', ['address', 'line1']],
    [{ organizationId: 'org_unknown' }, 'NOT_FOUND', ['organizationId']],
  ])('A7 are refused with %j', async (input, code, field) => {
    const refused = await apply(harness, await aSeller(harness), input);
    expect(refused).toMatchObject({ vendor: null, userErrors: [{ code, field }] });
  });

  it("A7 for another's organization look like for one that does not exist; a buying one cannot sell", async () => {
    const [seller, other] = [await aSeller(harness), await aSeller(harness)];
    const refused = await apply(harness, { ...seller, organizationId: other.organizationId });
    expect(refused.userErrors[0]?.code).toBe('NOT_FOUND');
    const { organizationCreate } = await harness.ask<{ organizationCreate: { organization: { id: string } } }>(
      seller.viewer,
      'mutation { organizationCreate(input: { name: "Buyers", type: BUYER }) { organization { id } } }',
    );
    const buying = await apply(harness, { ...seller, organizationId: organizationCreate.organization.id });
    expect(buying.userErrors[0]?.code).toBe('FORBIDDEN');
  });
});

describe('vendors', () => {
  it('A6 are reached from their user and back', async () => {
    const { id, owner } = await anActiveVendor(harness);
    const { me } = await harness.ask<{ me: unknown }>(
      owner,
      '{ me { id vendor { id organization { type members { edges { node { role user { id vendor { id } } } } } } } } }',
    );
    const members = { edges: [{ node: { role: 'VENDOR_ADMIN', user: { id: owner.userId, vendor: { id } } } }] };
    expect(me).toEqual({ id: owner.userId, vendor: { id, organization: { type: 'SELLER', members } } });
  });

  it('A6 are public when active, without person and phone; before that only their own see them', async () => {
    const handle = aHandle();
    const { id, owner } = await anActiveVendor(harness, { handle, description: 'Lamps.' });
    const read = `query($handle: String) { vendor(handle: $handle) { id businessName description address { name phone city } } }`;
    const address = { name: null, phone: null, city: 'Berlin' };
    const seen = { vendor: { id, businessName: 'North Lamps', description: 'Lamps.', address } };
    expect(await harness.ask(anonymous, read, { handle })).toEqual(seen);
    expect(await harness.ask(owner, read, { handle })).toMatchObject({ vendor: { address: { name: 'Nora' } } });
    const hidden = (await apply(harness, await aSeller(harness))).vendor!;
    expect(await harness.ask(anonymous, read, { handle: hidden.handle })).toEqual({ vendor: null });
    expect(await harness.ask(owner, read, { handle: hidden.handle })).toEqual({ vendor: null });
    const references = [id, hidden.id, ids.next('ven')].map((each) => ({ __typename: 'Vendor', id: each }));
    const entities = 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor { id status } } }';
    expect(await harness.ask(anonymous, entities, { r: references })).toEqual({
      _entities: [{ id, status: 'ACTIVE' }, null, null],
    });
    // The catalog asks before it lets anybody sell.
    const catalog = { kind: 'service', service: 'catalog' } as const;
    expect(await harness.ask(catalog, entities, { r: references })).toMatchObject({
      _entities: [{ status: 'ACTIVE' }, { status: 'APPLIED' }, null],
    });
    await expect(harness.ask(anonymous, '{ vendor { id } }')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('A6 are listed by name, page by page, each once; a query finds parts of names', async () => {
    const mark = `Zq${Date.now()}`;
    const names = [`${mark} beta`, `${mark} Alpha`, `The ${mark} shop`, `${mark} 100%_x`];
    for (const businessName of names) await anActiveVendor(harness, { businessName });
    const list = async (filter: Record<string, unknown>, page: Record<string, unknown> = {}) => {
      const { vendors } = await harness.ask<{
        vendors: { edges: { node: { businessName: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      }>(
        anonymous,
        `query($first: Int, $after: String, $filter: VendorFilter) { vendors(first: $first, after: $after, filter: $filter) {
           edges { node { businessName } } pageInfo { hasNextPage endCursor } } }`,
        { filter, ...page },
      );
      return { names: vendors.edges.map(({ node }) => node.businessName), ...vendors.pageInfo };
    };
    const query = mark.toLowerCase();
    const first = await list({ query }, { first: 3 });
    const rest = await list({ query }, { first: 3, after: first.endCursor });
    expect(first.hasNextPage).toBe(true);
    expect([...first.names, ...rest.names].toSorted()).toEqual(names.toSorted());
    expect(rest.hasNextPage).toBe(false);
    expect((await list({ query: '100%_' })).names).toEqual([`${mark} 100%_x`]);
    expect((await list({ query, status: ['APPLIED'] })).names).toEqual([]);
    await expect(list({}, { first: 101 })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(list({}, { after: 'nonsense' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('A6 are found by the index on their name among thousands', async () => {
    await asOwner(async (em) => {
      await em.begin();
      try {
        await em.execute(
          "insert into organization (id, name, type, created_at) select 'org_' || n, 'Org', 'SELLER', now() from generate_series(1, 5000) n",
        );
        await em.execute(
          "insert into account (id, email, email_key, created_at) select 'usr_' || n, 'e' || n, 'e' || n, now() from generate_series(1, 5000) n",
        );
        await em.execute(
          `insert into vendor (id, organization_id, owner_user_id, handle, business_name, address, status, kyc_status, created_at)
           select 'ven_' || n, 'org_' || n, 'usr_' || n, 'bulk-' || n, md5(n::text), '{}', 'ACTIVE', 'VERIFIED', now()
             from generate_series(1, 5000) n`,
        );
        await em.execute('analyze vendor');
        const explain = async (page: Parameters<typeof vendorPageStatement>[0]) => {
          const { sql, params } = vendorPageStatement(page);
          const plan = await em.execute<Record<string, string>[]>(`explain ${sql}`, params);
          return plan.map((row) => Object.values(row)[0]).join('\n');
        };
        const page = { statuses: ['ACTIVE' as const], after: null, limit: 21 };
        expect(await explain({ ...page, query: 'rth lam' })).toContain('vendor_business_name_trgm');
        expect(await explain({ ...page, query: null })).toContain('vendor_listing');
        expect(await explain({ ...page, query: null, after: { name: 'b', id: 'ven_1' } })).toContain('vendor_listing');
      } finally {
        await em.rollback();
      }
    });
  });
});

describe('the reach of a vendor', () => {
  const REACH = 'vendor { isPrimeEligible location { lat lon } shipsTo } userErrors { code field }';
  type Answer = {
    answer: {
      vendor: { isPrimeEligible: boolean; location: object | null; shipsTo: string[] | null } | null;
      userErrors: { code: string; field: string[] }[];
    };
  };
  const set = async (viewer: UserViewer, input: object) => {
    const query = `mutation($input: VendorReachInput!) { answer: vendorReachSet(input: $input) { ${REACH} } }`;
    return (await harness.ask<Answer>(viewer, query, { input })).answer;
  };
  const setPrime = async (viewer: UserViewer, id: string) => {
    const query = `mutation($id: ID!) { answer: vendorPrimeEligibleSet(id: $id, isPrimeEligible: true) { ${REACH} } }`;
    return (await harness.ask<Answer>(viewer, query, { id })).answer;
  };

  it('S9 S14 is said by who runs it, told once per change, and public', async () => {
    const { id, owner } = await anActiveVendor(harness);
    const location = { lat: 52.5, lon: 13.4 };
    const before = (await eventsOf(harness, id)).length;
    const reach = { vendorId: id, location, shipsTo: ['DE', 'AT', 'DE'] };
    for (let time = 0; time < 2; time += 1) {
      expect(await set(owner, reach)).toEqual({
        vendor: { isPrimeEligible: false, location, shipsTo: ['AT', 'DE'] },
        userErrors: [],
      });
    }
    expect((await setPrime(await theOperator(harness), id)).vendor?.isPrimeEligible).toBe(true);
    const told = (await eventsOf(harness, id)).slice(before).map(({ payload }) => payload);
    expect(told).toMatchObject([
      { isPrimeEligible: false, location, shipsTo: ['AT', 'DE'] },
      { isPrimeEligible: true, location, shipsTo: ['AT', 'DE'] },
    ]);
    const seen = await harness.ask(anonymous, 'query($id: ID) { vendor(id: $id) { isPrimeEligible shipsTo } }', { id });
    expect(seen).toEqual({ vendor: { isPrimeEligible: true, shipsTo: ['AT', 'DE'] } });
    expect((await set(owner, { vendorId: id })).vendor).toMatchObject({ location: null, shipsTo: null });
  });

  it('is refused for a vendor of somebody else, for no place on the globe, and for no country at all', async () => {
    const { id, owner } = await anActiveVendor(harness);
    const { owner: other } = await anActiveVendor(harness);
    const codes = async (viewer: UserViewer, reach: object) =>
      (await set(viewer, { vendorId: id, ...reach })).userErrors.map(({ code }) => code);
    expect(await codes(other, {})).toEqual(['NOT_FOUND']);
    expect(await codes(owner, { location: { lat: 91, lon: 0 } })).toEqual(['INVALID']);
    expect(await codes(owner, { location: { lat: 0, lon: -180.1 } })).toEqual(['INVALID']);
    expect(await codes(owner, { shipsTo: [] })).toEqual(['INVALID']);
    await expect(set(owner, { vendorId: id, shipsTo: ['Germany'] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(setPrime(owner, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('the audit log', () => {
  it('A7 refuses changes and verifies end to end until a row is changed behind its back', async () => {
    await anActiveVendor(harness);
    for (const statement of [
      "update audit_log set action = 'nothing'",
      'delete from audit_log',
      'truncate audit_log',
    ]) {
      const failure = await harness.db.em
        .fork()
        .execute(statement)
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(sqlStateOf(failure), statement).toBe('42501');
    }
    const verdict = await verifyAuditChain(harness.db.em.fork());
    expect(verdict).toMatchObject({ intact: true });
    await asOwner(async (em) => {
      const [row] = await em.execute<{ sequence: string; after: unknown }[]>(
        "select sequence, after from audit_log where action = 'vendor.approved' order by sequence desc limit 1",
      );
      const { sequence, after } = row!;
      await em.execute(`update audit_log set after = '{"status":"REJECTED"}' where sequence = ?`, [sequence]);
      expect(await verifyAuditChain(em)).toEqual({ intact: false, brokenAt: Number(sequence) });
      await em.execute('update audit_log set after = ?::jsonb where sequence = ?', [JSON.stringify(after), sequence]);
      expect(await verifyAuditChain(em)).toMatchObject({ intact: true });
      await em.execute('delete from audit_log where sequence = 2');
      expect(await verifyAuditChain(em)).toEqual({ intact: false, brokenAt: 2 });
    });
  });
});
