import { anonymous, type UserViewer } from '@marketgraph/platform/graphql';
import { SqlEntityManager } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  aBuyer,
  anActiveVendor,
  anEmail,
  aSeller,
  eventsOf,
  type Harness,
  ids,
  login,
  register,
  signedIn,
  startHarness,
  theOperator,
} from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.stop());

interface AddressAnswer {
  address: { id: string; label: string | null; isDefaultShipping: boolean; isDefaultBilling: boolean } | null;
  userErrors: { code: string; field: string[] | null }[];
}

const ADDRESS = 'address { id label isDefaultShipping isDefaultBilling } userErrors { code field }';
const berlin = { line1: '1 Market Square', city: 'Berlin', countryCode: 'DE' };

const create = async (viewer: UserViewer, more: Record<string, unknown> = {}, input: unknown = berlin) =>
  (
    await harness.ask<{ addressCreate: AddressAnswer }>(
      viewer,
      `mutation($input: PostalAddressInput!, $label: String, $shipping: Boolean, $billing: Boolean) {
         addressCreate(input: $input, label: $label, makeDefaultShipping: $shipping, makeDefaultBilling: $billing) { ${ADDRESS} } }`,
      { input, ...more },
    )
  ).addressCreate;

const update = async (viewer: UserViewer, id: string, more: Record<string, unknown> = {}) =>
  (
    await harness.ask<{ addressUpdate: AddressAnswer }>(
      viewer,
      `mutation($id: ID!, $input: PostalAddressInput!, $shipping: Boolean) {
         addressUpdate(id: $id, input: $input, makeDefaultShipping: $shipping) { ${ADDRESS} } }`,
      { id, input: berlin, ...more },
    )
  ).addressUpdate;

const remove = async (viewer: UserViewer, id: string) =>
  (
    await harness.ask<{ addressDelete: { success: boolean; userErrors: { code: string }[] } }>(
      viewer,
      'mutation($id: ID!) { addressDelete(id: $id) { success userErrors { code } } }',
      { id },
    )
  ).addressDelete;

const book = async (viewer: UserViewer) =>
  (
    await harness.ask<{ me: { addresses: NonNullable<AddressAnswer['address']>[] } }>(
      viewer,
      '{ me { addresses { id label isDefaultShipping isDefaultBilling } } }',
    )
  ).me.addresses;

describe('a profile', () => {
  const change = async (viewer: UserViewer, input: Record<string, unknown>) =>
    (
      await harness.ask<{
        profileUpdate: { user: Record<string, unknown> | null; userErrors: { code: string; field: string[] }[] };
      }>(
        viewer,
        `mutation($input: ProfileUpdateInput!) { profileUpdate(input: $input) {
           user { displayName locale preferences } userErrors { code field } } }`,
        { input },
      )
    ).profileUpdate;

  it('A11 changes what is given, keeps what is not and takes away what is null', async () => {
    const viewer = await aBuyer(harness);
    const given = { displayName: 'Beatrix', locale: 'de-DE', preferences: { theme: 'dark', sizes: [42] } };
    expect((await change(viewer, given)).user).toEqual(given);
    expect((await change(viewer, { locale: 'en' })).user).toEqual({ ...given, locale: 'en' });
    expect((await change(viewer, { displayName: null, preferences: null })).user).toEqual({
      displayName: null,
      locale: 'en',
      preferences: {},
    });
  });

  it.each([
    [{ displayName: 'x'.repeat(101) }, 'INVALID', ['displayName']],
    [{ displayName: 'a\u202eb' }, 'INVALID', ['displayName']],
    [{ preferences: [1] }, 'INVALID', ['preferences']],
    [{ preferences: { nul: 'a\0b' } }, 'INVALID', ['preferences']],
    [{ preferences: { large: 'x'.repeat(17_000) } }, 'LIMIT_EXCEEDED', ['preferences']],
  ])('A11 refuses %.60j', async (input, code, field) => {
    const viewer = await aBuyer(harness);
    expect(await change(viewer, input)).toEqual({ user: null, userErrors: [{ code, field }] });
  });

  it('A4 needs somebody who is signed in', async () => {
    const query = 'mutation { profileUpdate(input: { locale: "de" }) { user { id } } }';
    await expect(harness.ask(anonymous, query)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await harness.ask(anonymous, '{ me { id } }')).toEqual({ me: null });
  });
});

describe('an address book', () => {
  it('A11 has one default for shipping after twenty updates at the same time all wanted to be it', async () => {
    const viewer = await aBuyer(harness);
    const created = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        create(viewer, { label: `Address ${index}`, shipping: index % 2 === 0 }),
      ),
    );
    const addressIds = created.map(({ address }) => address!.id);
    await Promise.all([...addressIds, ...addressIds].map((id) => update(viewer, id, { shipping: true })));
    const addresses = await book(viewer);
    expect(addresses).toHaveLength(10);
    expect(addresses.filter(({ isDefaultShipping }) => isDefaultShipping)).toHaveLength(1);
    expect(addresses.filter(({ isDefaultBilling }) => isDefaultBilling)).toHaveLength(1);
    expect(addresses.every(({ label }) => label?.startsWith('Address '))).toBe(true);
  });

  it('A11 has one default as long as it has any address, however they are removed', async () => {
    const viewer = await aBuyer(harness);
    for (let n = 0; n < 6; n += 1) await create(viewer, { shipping: n === 3, billing: n === 1 });
    while ((await book(viewer)).length > 0) {
      const addresses = await book(viewer);
      expect(addresses.filter(({ isDefaultShipping }) => isDefaultShipping)).toHaveLength(1);
      expect(addresses.filter(({ isDefaultBilling }) => isDefaultBilling)).toHaveLength(1);
      const next = addresses.find(({ isDefaultShipping }) => isDefaultShipping)!;
      const answers = await Promise.all([remove(viewer, next.id), remove(viewer, next.id)]);
      expect(answers.filter(({ success }) => success)).toHaveLength(1);
    }
  });

  it('A11 R17 is the same when a change of it, or a removal, is asked for again', async () => {
    const viewer = await aBuyer(harness);
    const [first, second] = [await create(viewer), await create(viewer), await create(viewer)];
    const changed = () => update(viewer, second.address!.id, { shipping: true, label: 'Home' });
    const answer = await changed();
    expect(answer.userErrors).toEqual([]);
    expect(await changed()).toEqual(answer);
    expect(await remove(viewer, first.address!.id)).toEqual({ success: true, userErrors: [] });
    const left = await book(viewer);
    expect(await remove(viewer, first.address!.id)).toEqual({ success: false, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await book(viewer)).toEqual(left);
  });

  it('A11 is refused a second default by the database itself', async () => {
    const viewer = await aBuyer(harness);
    await create(viewer);
    await create(viewer);
    const tamper = harness.db.em
      .fork()
      .execute('update address set is_default_shipping = true where user_id = ?', [viewer.userId]);
    await expect(tamper).rejects.toThrow('address_default_shipping');
  });

  it('A11 holds fifty addresses and no more, also when they come at once', async () => {
    const viewer = await aBuyer(harness);
    const answers = await Promise.all(Array.from({ length: 55 }, () => create(viewer)));
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'LIMIT_EXCEEDED')).toHaveLength(5);
    expect(await book(viewer)).toHaveLength(50);
  });

  it("A4 A11 is one's own: another's address is like one that does not exist", async () => {
    const [viewer, other] = [await aBuyer(harness), await aBuyer(harness)];
    const { address } = await create(other);
    for (const id of [address!.id, ids.next('adr')]) {
      expect((await update(viewer, id)).userErrors).toEqual([{ code: 'NOT_FOUND', field: ['id'] }]);
      expect((await remove(viewer, id)).userErrors[0]?.code).toBe('NOT_FOUND');
    }
    const read = 'query($r: [_Any!]!) { _entities(representations: $r) { ... on SavedAddress { id } } }';
    const r = [{ __typename: 'SavedAddress', id: address!.id }];
    expect(await harness.ask(viewer, read, { r })).toEqual({ _entities: [null] });
    expect(await harness.ask(other, read, { r })).toEqual({ _entities: [{ id: address!.id }] });
  });

  it.each([
    [{ ...berlin, line1: ' ' }, ['line1']],
    [{ ...berlin, city: 'x'.repeat(201) }, ['city']],
    [{ ...berlin, name: 'a\0b' }, ['name']],
  ])('A11 refuses %.60j', async (input, field) => {
    expect(await create(await aBuyer(harness), {}, input)).toEqual({
      address: null,
      userErrors: [{ code: 'INVALID', field }],
    });
  });
});

describe('organizations', () => {
  const found = (viewer: UserViewer, input: string) =>
    harness.ask<{ organizationCreate: { organization: { id: string } | null; userErrors: { code: string }[] } }>(
      viewer,
      `mutation { organizationCreate(input: ${input}) { organization { id members { edges { node { role user { id } } } } addresses { address { city } } } userErrors { code } } }`,
    );

  it('belong to their founder at once, and to the token of the next login', async () => {
    const email = anEmail();
    const viewer = await signedIn(register(harness, { email }));
    const answer = await found(
      viewer,
      '{ name: "Offices", type: BUYER, address: { line1: "1", city: "Bonn", countryCode: "DE" } }',
    );
    const id = answer.organizationCreate.organization!.id;
    expect(answer.organizationCreate.organization).toEqual({
      id,
      members: { edges: [{ node: { role: 'ORG_ADMIN', user: { id: viewer.userId } } }] },
      addresses: [{ address: { city: 'Bonn' } }],
    });
    const again = await signedIn(login(harness, email));
    expect(again.memberships).toEqual([{ of: id, role: 'ORG_ADMIN' }]);
    expect(again.roles).toEqual(['BUYER', 'ORG_ADMIN']);
  });

  it('A4 are null for who does not belong to them, like unknown ones', async () => {
    const seller = await aSeller(harness);
    const stranger = await aBuyer(harness);
    const read = 'query($id: ID!) { organization(id: $id) { id } }';
    expect(await harness.ask(seller.viewer, read, { id: seller.organizationId })).toEqual({
      organization: { id: seller.organizationId },
    });
    for (const viewer of [stranger, anonymous]) {
      expect(await harness.ask(viewer, read, { id: seller.organizationId })).toEqual({ organization: null });
      expect(await harness.ask(viewer, read, { id: ids.next('org') })).toEqual({ organization: null });
    }
  });

  it('are twenty at most per user, also when they are founded at once', async () => {
    const viewer = await aBuyer(harness);
    const answers = await Promise.all(Array.from({ length: 22 }, () => found(viewer, '{ name: "Many", type: BUYER }')));
    expect(
      answers.filter(({ organizationCreate }) => organizationCreate.userErrors[0]?.code === 'LIMIT_EXCEEDED'),
    ).toHaveLength(2);
  });
});

describe('people', () => {
  const entity = 'query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id displayName } } }';
  const privately = (field: string) =>
    `query($r: [_Any!]!) { _entities(representations: $r) { ... on User { ${field} } } }`;

  it('A4 are null by id for others, whether they exist or not', async () => {
    const [viewer, other] = [await aBuyer(harness), await aBuyer(harness)];
    const read = 'query($id: ID!) { user(id: $id) { id email } }';
    expect(await harness.ask(viewer, read, { id: viewer.userId })).toMatchObject({ user: { id: viewer.userId } });
    expect(await harness.ask(await theOperator(harness), read, { id: viewer.userId })).toMatchObject({
      user: { id: viewer.userId },
    });
    for (const id of [other.userId, ids.next('usr')])
      expect(await harness.ask(viewer, read, { id })).toEqual({ user: null });
    expect(await harness.ask(anonymous, read, { id: viewer.userId })).toEqual({ user: null });
  });

  it('A4 show others who reach them by an order their display name and nothing else', async () => {
    const buyer = await aBuyer(harness);
    const vendor = (await anActiveVendor(harness)).owner;
    const r = [
      { __typename: 'User', id: buyer.userId },
      { __typename: 'User', id: ids.next('usr') },
    ];
    expect(await harness.ask(vendor, entity, { r })).toEqual({
      _entities: [{ id: buyer.userId, displayName: 'Bea Buyer' }, null],
    });
    const fields = [
      'email',
      'roles',
      'createdAt',
      'locale',
      'preferences',
      'addresses { id }',
      'memberships { id }',
      'notificationPreferences { channels }',
      'notifications { unreadCount }',
    ];
    for (const field of fields) {
      await expect(harness.ask(vendor, privately(field), { r: [r[0]] }), field).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
      await expect(harness.ask(buyer, privately(field), { r: [r[0]] }), field).resolves.toBeDefined();
    }
  });

  it('are read with a fixed number of statements, however many there are', async () => {
    const owners = await Promise.all(Array.from({ length: 4 }, () => anActiveVendor(harness)));
    const operator = await theOperator(harness);
    const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on User {
      displayName roles addresses { id } vendor { id organization { id members(first: 3) { edges { node { user { id } } } } addresses { id } } }
      memberships { role organization { name } user { displayName } } } } }`;
    const statementsFor = async (count: number) => {
      const spy = vi.spyOn(SqlEntityManager.prototype, 'execute');
      try {
        const r = owners.slice(0, count).map(({ owner }) => ({ __typename: 'User', id: owner.userId }));
        await harness.ask(operator, query, { r });
        return spy.mock.calls.filter(
          ([sql]) => typeof sql === 'string' && /from (account|vendor|membership|organization|address|jsonb)/.test(sql),
        ).length;
      } finally {
        spy.mockRestore();
      }
    };
    const one = await statementsFor(1);
    expect(one).toBeGreaterThan(0);
    expect(await statementsFor(4)).toBe(one);
  });
});

describe('C14 a Prime buyer', () => {
  const SET = `mutation($id: ID!, $isPrime: Boolean!) {
    userPrimeSet(id: $id, isPrime: $isPrime) { user { id isPrime } userErrors { code field } } }`;
  interface SetAnswer {
    userPrimeSet: { user: { isPrime: boolean } | null; userErrors: { code: string; field: string[] }[] };
  }
  const ENTITY = `query($users: [_Any!]!) { _entities(representations: $users) { ... on User { isPrime } } }`;
  const asSeenBy = (viewer: Parameters<Harness['ask']>[0], id: string) =>
    harness.ask<{ _entities: { isPrime: boolean }[] }>(viewer, ENTITY, { users: [{ __typename: 'User', id }] });

  it('is made by an operator, once in the log, and known to themselves and to orders', async () => {
    const viewer = await aBuyer(harness);
    const operator = await theOperator(harness);
    const id = viewer.userId;
    expect(await harness.ask(viewer, '{ me { isPrime } }')).toEqual({ me: { isPrime: false } });
    for (let times = 0; times < 2; times += 1) {
      expect((await harness.ask<SetAnswer>(operator, SET, { id, isPrime: true })).userPrimeSet).toEqual({
        user: { id, isPrime: true },
        userErrors: [],
      });
    }
    expect(await harness.ask(viewer, '{ me { isPrime } }')).toEqual({ me: { isPrime: true } });
    expect((await asSeenBy({ kind: 'service', service: 'orders' }, id))._entities).toEqual([{ isPrime: true }]);
    const { auditLog } = await harness.ask<{ auditLog: { edges: { node: unknown }[] } }>(
      operator,
      'query($id: ID) { auditLog(filter: { subjectId: $id }) { edges { node { action actor { id } before after } } } }',
      { id },
    );
    expect(auditLog.edges.map(({ node }) => node)).toEqual([
      {
        action: 'user.primeSet',
        actor: { id: operator.userId },
        before: { isPrime: false },
        after: { isPrime: true },
      },
    ]);
  });

  it('is made by nobody else, and is nobody else’s business', async () => {
    const viewer = await aBuyer(harness);
    const other = await aBuyer(harness);
    const variables = { id: viewer.userId, isPrime: true };
    await expect(harness.ask(viewer, SET, variables)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(harness.ask(anonymous, SET, variables)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(asSeenBy(other, viewer.userId)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(asSeenBy({ kind: 'service', service: 'reviews' }, viewer.userId)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const unknown = await harness.ask<SetAnswer>(await theOperator(harness), SET, {
      id: ids.next('usr'),
      isPrime: true,
    });
    expect(unknown.userPrimeSet.userErrors).toEqual([{ code: 'NOT_FOUND', field: ['id'] }]);
  });
});

describe('S5 results of one’s own', () => {
  const SWITCH = `mutation($isOn: Boolean) {
    profileUpdate(input: { isPersonalized: $isOn }) { user { isPersonalized displayName } userErrors { code } } }`;
  const ENTITY = `query($users: [_Any!]!) { _entities(representations: $users) { ... on User { isPersonalized } } }`;
  const told = async (key: string) =>
    (await eventsOf(harness, key)).filter(({ name }) => name === 'accounts.personalizationChanged');

  it('are switched off and on by whom they are for; each change is told once, and search may ask', async () => {
    const viewer = await aBuyer(harness);
    const users = [{ __typename: 'User', id: viewer.userId }];
    const asked = (service: string) => harness.ask({ kind: 'service', service }, ENTITY, { users });
    expect(await harness.ask(viewer, '{ me { isPersonalized } }')).toEqual({ me: { isPersonalized: true } });
    for (const isOn of [false, false, null]) await harness.ask(viewer, SWITCH, { isOn });
    await harness.ask(viewer, 'mutation { profileUpdate(input: { displayName: "Bea" }) { userErrors { code } } }');
    expect(await asked('search')).toEqual({ _entities: [{ isPersonalized: false }] });
    expect((await told(viewer.userId)).map(({ payload }) => payload)).toEqual([
      { userId: viewer.userId, isPersonalized: false },
    ]);
    await harness.ask(viewer, SWITCH, { isOn: true });
    expect(await told(viewer.userId)).toHaveLength(2);
    await expect(asked('reviews')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
