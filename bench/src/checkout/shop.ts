import * as operations from '@marketgraph/schema/generated/operations';
import { aRun, newKey, registerVendor, setStock, signIn, type Vendor } from '@marketgraph/tests/story/cast';
import { accepted, silentReport } from '@marketgraph/tests/story/report';
import { inLanes } from '@marketgraph/tests/support/lanes';
import { manyBuyers } from '@marketgraph/tests/support/many-buyers';
import type { CheckoutStage } from './checkout-stage.ts';

export interface Shop {
  vendor: Vendor;
  offerIds: string[];
  /** Access tokens of as many buyers, signed in before anything is measured; good for a quarter of an hour. */
  tokens: string[];
}

/** More than any run can sell. */
const UNITS = 1_000_000;
const OFFERS_AT_ONCE = 4;

/** One vendor's offers in one warehouse, and buyers. */
export async function openShop(
  { graph, access, dataDir }: Pick<CheckoutStage, 'graph' | 'access' | 'dataDir'>,
  { offers, buyers, units = UNITS }: { offers: number; buyers: number; units?: number },
): Promise<Shop> {
  const run = aRun();
  const operator = await signIn(graph, 'Operator', graph.operator);
  const vendor = await registerVendor(graph, { name: 'Bench', run, operator, report: silentReport });
  const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
    input: { slug: `bench-${run}`, name: `Bench ${run}` },
  });
  const categoryId = accepted('category', categoryUpsert.category, categoryUpsert.userErrors).id;
  const listOne = async (number: number): Promise<string> => {
    const { productCreate } = await vendor.person.ask(operations.ProductCreateDocument, {
      input: { vendorId: vendor.id, title: `Thing ${number}`, categoryId, variants: [{ title: 'One' }] },
      idempotencyKey: newKey(),
    });
    const product = accepted('product', productCreate.product, productCreate.userErrors);
    const { offerUpsert } = await vendor.person.ask(operations.OfferUpsertDocument, {
      input: {
        vendorId: vendor.id,
        variantId: product.variants[0]!.id,
        sku: `thing-${number}`,
        price: { amount: 1_000, currencyCode: 'EUR' },
      },
    });
    const offerId = accepted('offer', offerUpsert.offer, offerUpsert.userErrors).id;
    await setStock(vendor, offerId, [units]);
    await vendor.person.ask(operations.ProductSubmitForReviewDocument, { id: product.id });
    await operator.ask(operations.ProductModerateDocument, { input: { id: product.id, decision: 'APPROVE' } });
    return offerId;
  };
  const numbers = Array.from({ length: offers }, (_, number) => number);
  const offerIds = await inLanes(numbers, OFFERS_AT_ONCE, listOne);
  await operator.leave();
  return { vendor, offerIds, tokens: await manyBuyers({ graph, stores: access, dataDir }, buyers) };
}
