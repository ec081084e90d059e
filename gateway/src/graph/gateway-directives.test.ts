import { ApolloGateway } from '@apollo/gateway';
import { Supergraph } from '@apollo/federation-internals';
import { describe, expect, it } from 'vitest';
import { readSupergraph } from '../supergraph-file.ts';
import { coalescedFields, idempotentMutations } from './gateway-directives.ts';

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

  it('is no obstacle to the stock gateway, and no business of clients', async () => {
    const gateway = new ApolloGateway({
      supergraphSdl: await readSupergraph(),
      buildService: () => ({ process: async () => ({ data: {} }) }),
    });
    const { schema } = await gateway.load();
    await gateway.stop();
    const shown = schema.getDirectives().map(({ name }) => name);
    expect(shown.filter((name) => ['coalesce', 'cacheControl', 'idempotent'].includes(name))).toEqual([]);
    expect(schema.getSubscriptionType()?.getFields()['stockChanged']).toBeDefined();
  });
});
