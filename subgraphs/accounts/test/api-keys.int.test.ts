import { createHash } from 'node:crypto';
import { anonymous, type ApiKeyViewer, type Viewer } from '@marketgraph/platform/graphql';
import { testClock } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aBuyer,
  anActiveVendor,
  eventsOf,
  gateway,
  type Harness,
  type Refusal,
  startHarness,
  theOperator,
} from './harness.ts';

const clock = testClock(new Date('2026-03-01T12:00:00.000Z'));
let harness: Harness;
let vendor: Awaited<ReturnType<typeof anActiveVendor>>;
let rival: Awaited<ReturnType<typeof anActiveVendor>>;

beforeAll(async () => {
  harness = await startHarness({ clock });
  vendor = await anActiveVendor(harness);
  rival = await anActiveVendor(harness);
});
afterAll(() => harness?.stop());

interface Created {
  apiKeyId: string | null;
  secret: string | null;
  userErrors: Refusal[];
}

const create = async (viewer: Viewer, input: Record<string, unknown> = {}): Promise<Created> => {
  const query =
    'mutation($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { apiKeyId secret userErrors { code message field } } }';
  const full = { name: 'Warehouse', scopes: ['inventory:write'], ...input };
  return (await harness.ask<{ apiKeyCreate: Created }>(viewer, query, { input: full })).apiKeyCreate;
};
const revoke = async (viewer: Viewer, id: string) => {
  const query = 'mutation($id: ID!) { apiKeyRevoke(id: $id) { success userErrors { code field } } }';
  const answer = await harness.ask<{ apiKeyRevoke: { success: boolean; userErrors: Refusal[] } }>(viewer, query, {
    id,
  });
  return answer.apiKeyRevoke;
};
const keysOf = async (viewer: Viewer, vendorId: string) => {
  const query = 'query($id: ID) { vendor(id: $id) { apiKeys { id name scopes createdAt lastUsedAt expiresAt } } }';
  const answer = await harness.ask<{ vendor: { apiKeys: Record<string, unknown>[] | null } }>(viewer, query, {
    id: vendorId,
  });
  return answer.vendor.apiKeys;
};
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const principalOf = async (secret: string, viewer: Viewer = gateway) => {
  const query = 'query($hash: String!) { apiKeyPrincipal(secretHash: $hash) }';
  return (await harness.ask<{ apiKeyPrincipal: unknown }>(viewer, query, { hash: hashOf(secret) })).apiKeyPrincipal;
};
const auditOf = async (subjectId: string) => {
  const { auditLog } = await harness.ask<{ auditLog: { edges: { node: Record<string, unknown> }[] } }>(
    await theOperator(harness),
    'query($id: ID) { auditLog(filter: { subjectId: $id }) { edges { node { action actor { id } before after } } } }',
    { id: subjectId },
  );
  return auditLog.edges.map(({ node }) => node).toReversed();
};

describe('A17 A24 an API key', () => {
  it('is told once, kept as a hash, and is staff of its vendor with the scopes it was given', async () => {
    const { apiKeyId, secret, userErrors } = await create(vendor.owner, { scopes: ['orders:read', 'inventory:write'] });
    expect(userErrors).toEqual([]);
    expect(secret).toMatch(/^mgk_[\w-]{43}$/);
    expect(await principalOf(secret!)).toEqual({
      keyId: apiKeyId,
      scopes: ['inventory:write', 'orders:read'],
      roles: ['VENDOR_STAFF'],
      memberships: [{ of: vendor.id, role: 'VENDOR_STAFF' }],
      expiresAt: null,
    });
    const rows = await harness.db.em.fork().execute<Record<string, unknown>[]>('select * from api_key');
    const everything = JSON.stringify([rows, await auditOf(apiKeyId!), await keysOf(vendor.owner, vendor.id)]);
    expect(everything).not.toContain(secret!.slice('mgk_'.length));
    expect(await principalOf(`${secret}x`)).toBeNull();
    expect(await principalOf('mgk_')).toBeNull();
  });

  it('says to the minute when it was last used', async () => {
    const { apiKeyId, secret } = await create(vendor.owner, { name: 'Watched' });
    const lastUsedAt = async () =>
      (await keysOf(vendor.owner, vendor.id))!.find(({ id }) => id === apiKeyId)!['lastUsedAt'];
    expect(await lastUsedAt()).toBeNull();
    await principalOf(secret!);
    const first = await lastUsedAt();
    expect(first).toBe(clock.now().toISOString());
    clock.advance(59_000);
    await principalOf(secret!);
    expect(await lastUsedAt()).toBe(first);
    clock.advance(2_000);
    await principalOf(secret!);
    expect(await lastUsedAt()).toBe(clock.now().toISOString());
    await revoke(vendor.owner, apiKeyId!);
  });

  it('ends by itself when it was said to', async () => {
    const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString();
    const { secret } = await create(vendor.owner, { expiresAt });
    expect(await principalOf(secret!)).toMatchObject({ expiresAt });
    clock.advance(60_000);
    expect(await principalOf(secret!)).toBeNull();
  });

  it.each([
    [{ scopes: ['inventory:write', 'payments:write'] }, 'scopes'],
    [{ scopes: [] }, 'scopes'],
    [{ name: ' ' }, 'name'],
    [{ expiresAt: '2026-03-01T11:59:59.000Z' }, 'expiresAt'],
  ])('is not made of %j', async (input, field) => {
    expect(await create(vendor.owner, input)).toMatchObject({
      apiKeyId: null,
      secret: null,
      userErrors: [{ code: 'INVALID', field: [field] }],
    });
  });

  it('is made, seen and revoked by who runs the vendor, and by nobody else', async () => {
    const { apiKeyId, secret } = await create(vendor.owner, { vendorId: vendor.id });
    const machine: ApiKeyViewer = {
      kind: 'apiKey',
      keyId: apiKeyId!,
      scopes: ['inventory:write'],
      roles: ['VENDOR_ADMIN'],
      memberships: [{ of: vendor.id, role: 'VENDOR_ADMIN' }],
    };
    const staff: Viewer = {
      ...vendor.owner,
      roles: ['VENDOR_STAFF'],
      memberships: [{ of: vendor.id, role: 'VENDOR_STAFF' }],
    };
    for (const viewer of [await aBuyer(harness), await theOperator(harness), staff, machine]) {
      await expect(create(viewer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(revoke(viewer, apiKeyId!)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(await keysOf(viewer, vendor.id)).toBeNull();
      await expect(principalOf(secret!, viewer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await expect(create(anonymous)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await create(rival.owner, { vendorId: vendor.id })).toMatchObject({
      secret: null,
      userErrors: [{ code: 'NOT_FOUND', field: ['vendorId'] }],
    });
    expect(await revoke(rival.owner, apiKeyId!)).toEqual({
      success: false,
      userErrors: [{ code: 'NOT_FOUND', field: ['id'] }],
    });
    expect(await keysOf(rival.owner, vendor.id)).toBeNull();
    expect(await principalOf(secret!)).not.toBeNull();
  });

  it('is for the vendor that is named by who runs several', async () => {
    const owner = { ...vendor.owner, memberships: [...vendor.owner.memberships, ...rival.owner.memberships] };
    expect(await create(owner)).toMatchObject({ userErrors: [{ code: 'INVALID', field: ['vendorId'] }] });
    const { secret } = await create(owner, { vendorId: rival.id });
    expect(await principalOf(secret!)).toMatchObject({ memberships: [{ of: rival.id }] });
  });

  it('is gone once it is revoked: unknown, marked for the gateways, told as an event, in the audit log; once', async () => {
    const { apiKeyId, secret } = await create(vendor.owner, { name: 'Leaked' });
    const answers = await Promise.all([1, 2, 3].map(() => revoke(vendor.owner, apiKeyId!)));
    expect(answers.filter(({ success }) => success)).toHaveLength(1);
    expect(await principalOf(secret!)).toBeNull();
    expect(await harness.redis.ttl(`accounts:revoked:${apiKeyId}`)).toBeGreaterThan(15 * 60);
    expect(await eventsOf(harness, apiKeyId!)).toEqual([
      { name: 'accounts.apiKeyRevoked', sequence: 1, payload: { apiKeyId, vendorId: vendor.id } },
    ]);
    const facts = { vendorId: vendor.id, name: 'Leaked', scopes: ['inventory:write'] };
    const actor = { id: vendor.owner.userId };
    expect(await auditOf(apiKeyId!)).toEqual([
      { action: 'apiKey.created', actor, before: null, after: { ...facts, expiresAt: null } },
      { action: 'apiKey.revoked', actor, before: facts, after: null },
    ]);
  });

  it('is one of twenty of a vendor at most, however many are asked for at once', async () => {
    const other = await anActiveVendor(harness);
    const made = await Promise.all(Array.from({ length: 23 }, () => create(other.owner)));
    expect(made.filter(({ secret }) => secret !== null)).toHaveLength(20);
    const refused = made.flatMap(({ userErrors }) => userErrors.map(({ code }) => code));
    expect(refused).toEqual(['LIMIT_EXCEEDED', 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED']);
    const keys = await keysOf(other.owner, other.id);
    expect(keys).toHaveLength(20);
    await revoke(other.owner, String(keys![0]!['id']));
    expect(await create(other.owner)).toMatchObject({ userErrors: [] });
  });
});
