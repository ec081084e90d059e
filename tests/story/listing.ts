import { readFile } from 'node:fs/promises';
import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import type { Person } from '../support/person.ts';
import { ask } from '../support/raw-graph.ts';
import { newKey, setStock, upload, type Vendor } from './cast.ts';
import { generatedProducts } from './products.ts';
import { accepted, expectThat, type Report } from './report.ts';

/** How soon after a change search, rating and streams must show it. */
export const SOON_MS = 2_000;
const IMPORT_MS = 180_000;

export interface Listing {
  productId: string;
  offerId: string;
  title: string;
  brand: string;
  word: string;
  sku: string;
}

export async function publishProduct(vendor: Vendor, operator: Person, run: string, report: Report): Promise<Listing> {
  const listing = await listProduct(vendor, operator, run);
  const begin = performance.now();
  const { title, word } = listing;
  await until(
    async () =>
      (await vendor.person.ask(operations.SearchDocument, { query: word, first: 5 })).searchProducts.edges.length > 0,
    { timeoutMs: SOON_MS, what: `"${word}" in the search within 2 s of its publication` },
  );
  report.saw(`North published "${title}"; searchable ${Math.round(performance.now() - begin)} ms later`);
  return listing;
}

/** A product with an offer and stock; resolves when the moderator has published it. */
export async function listProduct(vendor: Vendor, operator: Person, run: string): Promise<Listing> {
  const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
    input: { slug: `story-lamps-${run}`, name: `Story lamps ${run}` },
  });
  const category = accepted('categoryUpsert', categoryUpsert.category, categoryUpsert.userErrors);
  const word = `Lumen${letters(run)}`;
  const title = `${word} brass reading lamp`;
  const brand = `North ${run}`;
  const sku = `LAMP-1-${run}`;
  const { productCreate } = await vendor.person.ask(operations.ProductCreateDocument, {
    input: {
      vendorId: vendor.id,
      title,
      description: 'A lamp to read by, of solid brass.',
      categoryId: category.id,
      brand,
      variants: [{ title: 'Brass', weightGrams: 1_200, options: [{ key: 'finish', value: 'Polished' }] }],
    },
    idempotencyKey: newKey(),
  });
  const product = accepted('productCreate', productCreate.product, productCreate.userErrors);
  const { offerUpsert } = await vendor.person.ask(operations.OfferUpsertDocument, {
    input: {
      vendorId: vendor.id,
      variantId: product.variants[0]!.id,
      sku,
      price: { amount: 4_900, currencyCode: 'EUR' },
    },
  });
  const offer = accepted('offerUpsert', offerUpsert.offer, offerUpsert.userErrors);
  await setStock(vendor, offer.id, [5, 3]);
  const { productSubmitForReview } = await vendor.person.ask(operations.ProductSubmitForReviewDocument, {
    id: product.id,
  });
  accepted('productSubmitForReview', productSubmitForReview.product, productSubmitForReview.userErrors);
  const { productModerate } = await operator.ask(operations.ProductModerateDocument, {
    input: { id: product.id, decision: 'APPROVE' },
  });
  const published = accepted('productModerate', productModerate.product, productModerate.userErrors);
  expectThat(published.status === 'PUBLISHED', 'an approved product is PUBLISHED', published);
  return { productId: product.id, offerId: offer.id, title, brand, word, sku };
}

/** Its vendor takes it down; resolves when nobody else is shown it any more. */
export async function archiveProduct({ person }: Vendor, id: string): Promise<void> {
  const { graphUrl, accessToken: token } = person;
  const { data } = await ask<{ product: { version: number } }>(
    graphUrl,
    'query($id: ID!) { product(id: $id) { version } }',
    { variables: { id }, token },
  );
  const { data: done } = await ask<{ productArchive: { userErrors: object[] } }>(
    graphUrl,
    'mutation($id: ID!, $version: Int!) { productArchive(id: $id, expectedVersion: $version) { userErrors { code } } }',
    { variables: { id, version: data?.product.version }, token },
  );
  expectThat(done?.productArchive.userErrors.length === 0, 'the product is taken down', done);
}

export async function importProducts(
  vendor: Vendor,
  file: string | undefined,
  run: string,
  report: Report,
): Promise<{ offerId: string; productId: string }> {
  const content = file ? await readFile(file, 'utf8') : generatedProducts(500, run);
  const rows = content.split('\n').filter((line) => line.trim() !== '').length;
  const uploadId = await upload(
    vendor.person,
    { filename: 'products.ndjson', contentType: 'application/x-ndjson' },
    content,
  );
  const begin = performance.now();
  const { catalogImportStart } = await vendor.person.ask(operations.CatalogImportStartDocument, {
    input: { vendorId: vendor.id, uploadId, format: 'JSONL' },
  });
  const started = accepted('catalogImportStart', catalogImportStart.import, catalogImportStart.userErrors);
  const progress = vendor.person.watch(operations.CatalogImportProgressDocument, { importId: started.id });
  const first = await progress.find(() => true, 'the first progress');
  expectThat(first.catalogImportProgress.kind === 'SNAPSHOT', 'catalogImportProgress begins with SNAPSHOT', first);
  const done = await progress.find(
    ({ catalogImportProgress: { import: state } }) => state.status === 'COMPLETED' || state.status === 'FAILED',
    'the end of the import',
    IMPORT_MS,
  );
  const { status, processed, failed } = done.catalogImportProgress.import;
  expectThat(status === 'COMPLETED' && processed === rows, `all ${rows} rows are processed`, done);
  const elapsedMs = performance.now() - begin;
  report.saw(
    `South imported ${processed} rows (${failed} refused) in ${(elapsedMs / 1_000).toFixed(1)} s, ${Math.round((rows / elapsedMs) * 1_000)} rows/s, ` +
      `watching ${progress.events.length} progress events`,
  );
  await progress.cut();
  const { vendor: shop } = await vendor.person.ask(operations.VendorOffersDocument, { vendorId: vendor.id, first: 1 });
  const offer = shop?.offers?.edges[0]?.node;
  expectThat(offer !== undefined, 'the imported offers are there', shop);
  return { offerId: offer.id, productId: offer.variant.product.id };
}

/** A run's hex digits as letters, so that they make a word nobody else has. */
function letters(run: string): string {
  return [...run].map((digit) => 'abcdefghiklmnopr'[Number.parseInt(digit, 16)]).join('');
}
