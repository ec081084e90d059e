import { ApolloGateway } from '@apollo/gateway';
import { Supergraph } from '@apollo/federation-internals';
import { apiScopes } from '@marketgraph/schema/api-keys';
import { describe, expect, it } from 'vitest';
import { readSupergraph } from '../supergraph-file.ts';
import { apiScopesOf, coalescedFields, idempotentMutations } from './gateway-directives.ts';

describe('what the subgraphs tell the gateway', () => {
  it('says which streams are of states, and leaves those of steps alone', async () => {
    const supergraph = Supergraph.build(await readSupergraph(), { supportedFeatures: null });
    expect([...coalescedFields(supergraph)].toSorted()).toEqual([
      'cartChanged',
      'catalogImportProgress',
      'priceChanged',
      'stockChanged',
      'vendorStockFeed',
    ]);
  });

  it('says which mutations may be asked again without a key', async () => {
    const supergraph = Supergraph.build(await readSupergraph(), { supportedFeatures: null });
    expect([...idempotentMutations(supergraph)].toSorted()).toEqual([
      'addressDelete',
      'addressUpdate',
      'apiKeyRevoke',
      'cartAddressSet',
      'cartDeliverySelect',
      'cartLinesRemove',
      'cartLinesUpdate',
      'cartMerge',
      'cartOrganizationSet',
      'cartPromotionApply',
      'cartPromotionRemove',
      'paymentMethodDetach',
    ]);
  });

  it('A24 says which root fields are open to API keys, by scopes that there are, in the subgraph the scope names', async () => {
    const supergraph = Supergraph.build(await readSupergraph(), { supportedFeatures: null });
    const opened = apiScopesOf(supergraph);
    const fieldsOf = (scope: string) =>
      [...opened]
        .filter(([, anyOf]) => anyOf.includes(scope))
        .map(([field]) => field)
        .toSorted();
    expect(Object.fromEntries(apiScopes.map((scope) => [scope, fieldsOf(scope)]))).toEqual({
      'catalog:read': [
        'query categories',
        'query category',
        'query offer',
        'query product',
        'query products',
        'query vendor',
        'subscription catalogImportProgress',
        'subscription priceChanged',
      ],
      'catalog:write': [
        'mutation catalogImportStart',
        'mutation catalogSyncBatch',
        'mutation mediaUploadCreate',
        'mutation offerPriceSet',
        'mutation offerUpsert',
      ],
      'inventory:read': [
        'query availability',
        'query inventoryDrift',
        'query offer',
        'query vendor',
        'query warehouse',
        'subscription stockChanged',
        'subscription vendorStockFeed',
      ],
      'inventory:write': [
        'mutation inventoryAdjust',
        'mutation inventorySet',
        'mutation inventorySyncBatch',
        'mutation inventoryTransfer',
      ],
      'orders:fulfill': [
        'mutation fulfillmentCreate',
        'mutation fulfillmentStatusUpdate',
        'mutation vendorOrderAccept',
      ],
      'orders:read': [
        'query order',
        'query orderByNumber',
        'query vendor',
        'query vendorOrder',
        'subscription vendorOrderFeed',
      ],
    });
    expect([...new Set([...opened.values()].flat())].toSorted()).toEqual(apiScopes);
    const services = new Set(supergraph.subgraphsMetadata().map(({ name }) => name));
    for (const scope of apiScopes) expect(services).toContain(scope.split(':')[0]);
  });

  it('is no obstacle to the stock gateway, and no business of clients', async () => {
    const gateway = new ApolloGateway({
      supergraphSdl: await readSupergraph(),
      buildService: () => ({ process: async () => ({ data: {} }) }),
    });
    const { schema } = await gateway.load();
    await gateway.stop();
    const shown = schema.getDirectives().map(({ name }) => name);
    expect(shown.filter((name) => ['apiScope', 'coalesce', 'cacheControl', 'idempotent'].includes(name))).toEqual([]);
    expect(schema.getSubscriptionType()?.getFields()['stockChanged']).toBeDefined();
  });
});
