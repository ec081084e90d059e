import * as operations from '@marketgraph/schema/generated/operations';
import {
  aRun,
  newKey,
  registerBuyer,
  registerVendor,
  setStock,
  signIn,
  type StoryGraph,
  type Vendor,
} from '@marketgraph/tests/story/cast';
import { accepted, silentReport } from '@marketgraph/tests/story/report';

export interface Shop {
  vendor: Vendor;
  offerIds: string[];
  /** Access tokens of as many buyers: registered and signed in before anything is measured. */
  tokens: string[];
}

/** More than any run can sell. */
const UNITS = 1_000_000;

/** One vendor's offers in one warehouse, and buyers. */
export async function openShop(
  graph: StoryGraph,
  { offers, buyers }: { offers: number; buyers: number },
): Promise<Shop> {
  const run = aRun();
  const operator = await signIn(graph, 'Operator', graph.operator);
  const vendor = await registerVendor(graph, { name: 'Bench', run, operator, report: silentReport });
  const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
    input: { slug: `bench-${run}`, name: `Bench ${run}` },
  });
  const categoryId = accepted('category', categoryUpsert.category, categoryUpsert.userErrors).id;
  const offerIds: string[] = [];
  for (let number = 0; number < offers; number += 1) {
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
    await setStock(vendor, offerId, [UNITS]);
    await vendor.person.ask(operations.ProductSubmitForReviewDocument, { id: product.id });
    await operator.ask(operations.ProductModerateDocument, { input: { id: product.id, decision: 'APPROVE' } });
    offerIds.push(offerId);
  }
  const tokens: string[] = [];
  for (let number = 0; number < buyers; number += 1) {
    tokens.push((await registerBuyer(graph, `Buyer${number}`, run)).accessToken!);
  }
  return { vendor, offerIds, tokens };
}
