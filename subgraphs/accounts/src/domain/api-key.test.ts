import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { principalOfKey, readApiKeyTerms, vendorToActFor } from './api-key.ts';

const known = ['orders:read', 'stock:read', 'stock:write'];
const now = new Date('2026-03-01T12:00:00.000Z');
const read = (input: Partial<Parameters<typeof readApiKeyTerms>[0]>) =>
  readApiKeyTerms({ name: 'Warehouse', scopes: ['stock:read'], ...input }, { known, now });

describe('the terms of a new API key', () => {
  it('are a name, scopes each once, and an end or none', () => {
    const expiresAt = new Date('2026-03-01T12:00:00.001Z');
    expect(read({ name: ' Warehouse ', scopes: ['stock:write', 'orders:read', 'stock:write'], expiresAt })).toEqual({
      ok: true,
      value: { name: 'Warehouse', scopes: ['orders:read', 'stock:write'], expiresAt },
    });
    expect(read({})).toMatchObject({ ok: true, value: { expiresAt: null } });
  });

  it.each([
    ['an empty name', { name: '  ' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(101) }, 'name'],
    ['a name with what nobody sees', { name: 'a\0b' }, 'name'],
    ['no scope', { scopes: [] }, 'scopes'],
    ['a scope there is not', { scopes: ['stock:read', 'stock:*'] }, 'scopes'],
    ['a scope in another case', { scopes: ['STOCK:READ'] }, 'scopes'],
    ['more scopes than there are', { scopes: Array.from({ length: 4 }, () => 'stock:read') }, 'scopes'],
    ['an end that is now', { expiresAt: now }, 'expiresAt'],
    ['an end in eleven years', { expiresAt: new Date('2037-03-01T12:00:00.000Z') }, 'expiresAt'],
    ['an end that is past', { expiresAt: new Date(0) }, 'expiresAt'],
    ['an end that is no time', { expiresAt: new Date(Number.NaN) }, 'expiresAt'],
  ])('are refused with %s', (_, input, field) => {
    expect(read(input)).toMatchObject({ ok: false, rejection: { code: 'INVALID', field: [field] } });
  });

  it('never give a scope that was not asked for, or that there is not', () => {
    const scope = fc.oneof(fc.constantFrom(...known), fc.string());
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 5 }), (scopes) => {
        const terms = read({ scopes });
        if (!terms.ok) return;
        expect(new Set(terms.value.scopes)).toEqual(new Set(scopes));
        expect(terms.value.scopes.every((one) => known.includes(one))).toBe(true);
      }),
    );
  });
});

describe('the vendor of a new API key', () => {
  it.each([
    ['the only one', ['ven_1'], null, { ok: true, value: 'ven_1' }],
    ['the one that is named', ['ven_1', 'ven_2'], 'ven_2', { ok: true, value: 'ven_2' }],
    [
      'none of several that are not named',
      ['ven_1', 'ven_2'],
      undefined,
      { ok: false, rejection: { code: 'INVALID' } },
    ],
    ['none that is run by others', ['ven_1'], 'ven_2', { ok: false, rejection: { code: 'NOT_FOUND' } }],
  ])('is %s', (_, run, named, expected) => {
    expect(vendorToActFor(run, named)).toMatchObject(expected);
  });
});

it('a key is staff of its vendor and of nobody else, and runs nothing', () => {
  expect(principalOfKey({ vendorId: 'ven_1' })).toEqual({
    roles: ['VENDOR_STAFF'],
    memberships: [{ of: 'ven_1', role: 'VENDOR_STAFF' }],
  });
});
