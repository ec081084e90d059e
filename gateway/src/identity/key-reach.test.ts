import { anonymous, type ApiKeyViewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createDocuments } from '../limits/documents.ts';
import { defaultOperationLimits } from '../limits/operation-limits.ts';
import { operationList } from '../persisted/operation-list.ts';
import { persistedOperations } from '../persisted/persisted-operations.ts';
import { assertOpenTo, viewerAt } from './key-reach.ts';

const schema = buildSchema(`
  type Query { stock: Int, sales: Int, me: String }
  type Mutation { stock: Int, count: Int }
`);
const apiScopes = new Map([
  ['query stock', ['stock:read', 'sales:read']],
  ['query sales', ['sales:read']],
  ['mutation count', ['stock:write']],
]);
const documents = createDocuments({
  schema,
  limits: defaultOperationLimits,
  introspection: true,
  persisted: persistedOperations('off', operationList([])),
  apiScopes,
});
const aKey = (...scopes: string[]): ApiKeyViewer => ({
  kind: 'apiKey',
  keyId: 'key_1',
  scopes,
  roles: ['VENDOR_STAFF'],
  memberships: [{ of: 'ven_1', role: 'VENDOR_STAFF' }],
});
const ask = (viewer: Parameters<typeof assertOpenTo>[0], query: string, operationName?: string) =>
  assertOpenTo(viewer, documents.prepare({ query, operationName }));

describe('A24 what an API key opens', () => {
  it.each([
    ['what one of its scopes names', '{ stock }', ['stock:read']],
    ['what another scope names too', '{ stock }', ['sales:read']],
    ['several fields that several scopes name', '{ stock sales }', ['stock:read', 'sales:read']],
    ['through a fragment', '{ ...on Query { ...A } } fragment A on Query { stock }', ['stock:read']],
    ['the operation that is run, not another in the document', 'query A { stock } query B { me }', ['stock:read'], 'A'],
    ['introspection, where it is on', '{ __typename __schema { queryType { name } } }', ['stock:write']],
  ])('%s', (_, query, scopes, operationName?: string) => {
    expect(() => ask(aKey(...scopes), query, operationName)).not.toThrow();
  });

  it.each([
    ['what none of its scopes names', '{ sales }', ['stock:read', 'stock:write']],
    ['what says nothing of keys', '{ me }', ['stock:read', 'sales:read', 'stock:write']],
    ['one closed field behind open ones', '{ stock a: stock b: me }', ['stock:read']],
    ['a closed field in a fragment', '{ stock ...A } fragment A on Query { me }', ['stock:read']],
    ['a closed field that is skipped', 'query($no: Boolean = false) { stock me @include(if: $no) }', ['stock:read']],
    ['a mutation by the name of an open query', 'mutation { stock }', ['stock:read', 'stock:write']],
    ['a scope that is a part of one', '{ stock }', ['stock', 'stock:rea', '*', '']],
    ['anything without scopes', '{ stock }', []],
  ])('not %s', (_, query, scopes) => {
    expect(() => ask(aKey(...scopes), query)).toThrow(expect.objectContaining({ status: 403 }));
  });

  it('nothing changes for people', () => {
    for (const viewer of [anonymous, aUser()]) expect(() => ask(viewer, '{ stock sales me }')).not.toThrow();
  });
});

describe('a subgraph', () => {
  it('sees a key as its vendor when a scope names the subgraph, and as nobody else', () => {
    const key = aKey('stock:read', 'sales:fulfill');
    expect(['stock', 'sales', 'accounts', 'stoc', ''].map((service) => viewerAt(service, key).kind)).toEqual([
      ...['apiKey', 'apiKey', 'anonymous', 'anonymous', 'anonymous'],
    ]);
  });

  it('sees people as they are', () => {
    const user = aUser();
    expect(viewerAt('accounts', user)).toBe(user);
    expect(viewerAt('accounts', anonymous)).toBe(anonymous);
  });
});
