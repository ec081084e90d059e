import * as operations from '@marketgraph/schema/generated/operations';
import { type Account, done, openAccount } from './account.ts';
import { attributeSchema, categories, type DemoProduct, type DemoVendor } from './assortment.ts';

export interface Shop {
  vendor: DemoVendor;
  account: Account;
  vendorId: string;
  warehouseIds: string[];
}

/** The category tree, parents first. Resolves to the ids by slug. */
export async function plantCategories(operator: Account): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const known of await knownCategories(operator)) ids.set(known.slug, known.id);
  for (const { slug, name, parent } of categories) {
    const { categoryUpsert } = await operator.ask(operations.CategoryUpsertDocument, {
      input: {
        id: ids.get(slug),
        slug,
        name,
        parentId: parent && ids.get(parent),
        attributeSchema: parent ? attributeSchema : null,
      },
    });
    done(`category ${slug}`, categoryUpsert);
    ids.set(slug, categoryUpsert.category!.id);
  }
  return ids;
}

async function knownCategories(operator: Account): Promise<{ id: string; slug: string }[]> {
  const { categories: roots } = await operator.ask(operations.CategoriesDocument, {});
  const children = await Promise.all(
    roots.map(async ({ id }) => (await operator.ask(operations.CategoriesDocument, { parentId: id })).categories),
  );
  return [...roots, ...children.flat()];
}

/** Registers, applies, submits documents and is approved; what was done before is taken as it is. */
export async function openShop(graphUrl: string, vendor: DemoVendor, operator: Account): Promise<Shop> {
  const { email, name, handle, city, countryCode } = vendor;
  const account = await openAccount(graphUrl, {
    email,
    registration: { accountType: 'VENDOR', displayName: name, organization: { name: `${name} Ltd`, type: 'SELLER' } },
  });
  const { me } = await account.ask(operations.MeDocument, {});
  let vendorId = me?.vendor?.id;
  if (!vendorId) {
    const organizationId = me?.memberships[0]?.organization.id;
    if (!organizationId) throw new Error(`${email} has no seller organization`);
    const { vendorApply } = await account.ask(operations.VendorApplyDocument, {
      input: {
        businessName: name,
        handle,
        organizationId,
        address: { line1: '1 Market Square', city, postalCode: '10115', countryCode },
      },
    });
    vendorId = done(`vendorApply ${handle}`, vendorApply).vendor!.id;
  }
  if (me?.vendor?.status !== 'ACTIVE') await becomeActive(account, operator, vendorId);
  return { vendor, account, vendorId, warehouseIds: await openWarehouses(account, vendorId, vendor) };
}

async function becomeActive(account: Account, operator: Account, vendorId: string): Promise<void> {
  const uploadId = await upload(account, {
    filename: 'register-extract.pdf',
    contentType: 'application/pdf',
    content: Buffer.from('%PDF-1.4\n% extract of the commercial register (demo)\n'),
  });
  const { vendorKycSubmit } = await account.ask(operations.VendorKycSubmitDocument, {
    input: { vendorId, documents: [{ kind: 'REGISTER_EXTRACT', uploadId }] },
  });
  const { vendor } = done('vendorKycSubmit', vendorKycSubmit);
  const { vendorReview } = await operator.ask(operations.VendorReviewDocument, {
    input: { id: vendorId, decision: 'APPROVE', expectedVersion: vendor!.version },
  });
  done('vendorReview', vendorReview);
}

async function openWarehouses(account: Account, vendorId: string, { handle, city }: DemoVendor): Promise<string[]> {
  const ids: string[] = [];
  for (const side of ['MAIN', 'BACKUP']) {
    const { warehouseUpsert } = await account.ask(operations.WarehouseUpsertDocument, {
      input: { code: `${handle.toUpperCase()}-${side}`, name: `${city} ${side.toLowerCase()}`, region: 'EU', vendorId },
    });
    ids.push(done(`warehouse ${side}`, warehouseUpsert).warehouse!.id);
  }
  return ids;
}

/** Asks for a presigned URL and puts the bytes there. Resolves to the upload's id. */
export async function upload(
  account: Account,
  file: { filename: string; contentType: string; content: Buffer },
): Promise<string> {
  const { mediaUploadCreate } = await account.ask(operations.MediaUploadCreateDocument, {
    input: { filename: file.filename, contentType: file.contentType, byteSize: file.content.length },
  });
  const { uploadId, uploadUrl } = done('mediaUploadCreate', mediaUploadCreate);
  const response = await fetch(uploadUrl!, {
    method: 'PUT',
    headers: { 'content-type': file.contentType },
    body: new Uint8Array(file.content),
  });
  if (!response.ok) throw new Error(`upload of ${file.filename}: HTTP ${response.status}`);
  return uploadId!;
}

const IMPORT_LIMIT_MS = 60_000;

/** Brings the products in as any vendor would: a file, an import, and its progress until it is done. */
export async function importProducts(
  shop: Shop,
  products: readonly DemoProduct[],
  imageUrls: ReadonlyMap<string, string>,
): Promise<void> {
  const lines = products.map((product) =>
    JSON.stringify({ ...product, currency: 'EUR', imageUrl: imageUrls.get(product.category) }),
  );
  const uploadId = await upload(shop.account, {
    filename: `${shop.vendor.handle}.ndjson`,
    contentType: 'application/x-ndjson',
    content: Buffer.from(`${lines.join('\n')}\n`),
  });
  const { catalogImportStart } = await shop.account.ask(operations.CatalogImportStartDocument, {
    input: { vendorId: shop.vendorId, uploadId, format: 'JSONL' },
  });
  done('catalogImportStart', catalogImportStart);
  const deadline = Date.now() + IMPORT_LIMIT_MS;
  while ((await offersOf(shop)).length < products.length) {
    if (Date.now() > deadline) throw new Error(`The import of ${shop.vendor.handle} did not end in time`);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

/** How many of the shop's offers cost less in numbers. */
const VOLUME_OFFERS = 10;

/** A twentieth off from ten on, a tenth off from fifty on. */
export async function listVolumePrices(shop: Shop, offers: readonly ShopOffer[]): Promise<void> {
  const entries = offers.slice(0, VOLUME_OFFERS).flatMap(({ id: offerId, price: { amount, currencyCode } }) => [
    { offerId, minQuantity: 10, maxQuantity: 49, unitPrice: { amount: Math.ceil(amount * 0.95), currencyCode } },
    { offerId, minQuantity: 50, unitPrice: { amount: Math.ceil(amount * 0.9), currencyCode } },
  ]);
  const { priceListUpsert } = await shop.account.ask(operations.PriceListUpsertDocument, {
    input: { name: 'Volume prices', vendorId: shop.vendorId, entries },
    idempotencyKey: `demo-volume-${shop.vendor.handle}`,
  });
  done('priceListUpsert', priceListUpsert);
}

export interface ShopOffer {
  id: string;
  price: { amount: number; currencyCode: string };
  sku: string;
  variantId: string;
  productId: string;
}

export async function offersOf(shop: Shop): Promise<ShopOffer[]> {
  const offers: ShopOffer[] = [];
  let after: string | null | undefined;
  do {
    const page = await shop.account.ask(operations.VendorOffersDocument, {
      vendorId: shop.vendorId,
      first: 100,
      after,
    });
    const connection = page.vendor?.offers;
    for (const { node } of connection?.edges ?? []) {
      const { amount, currencyCode } = node.price;
      const price = { amount, currencyCode };
      offers.push({
        id: node.id,
        price,
        sku: node.sku,
        variantId: node.variant.id,
        productId: node.variant.product.id,
      });
    }
    after = connection?.pageInfo.hasNextPage ? connection.pageInfo.endCursor : null;
  } while (after);
  return offers;
}
