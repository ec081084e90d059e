import {
  inMongoTransaction,
  type MongoDatabase,
  type MongoTransaction,
  prepareMongoMessaging,
} from '@marketgraph/platform/mongo';
import type { ClientSession, Collection, IndexDescription } from 'mongodb';
import type { CaseDocument } from './cases.ts';
import type { CategoryDocument } from './categories.ts';
import type { DealDocument } from './deals.ts';
import type { ExchangeRatesDocument } from './exchange-rates.ts';
import type { IdempotencyDocument } from './idempotency.ts';
import type { ImportDocument, ImportErrorDocument } from './imports.ts';
import type { OfferDocument } from './offers.ts';
import type { PriceListDocument, PriceListEntryDocument } from './price-lists.ts';
import type { ProductDocument } from './products.ts';
import type { PromotionDocument } from './promotions.ts';
import type { TitlePrintDocument } from './screening.ts';
import type { ReportDocument, ReportQuotaDocument } from './reports.ts';
import type { UploadDocument } from './uploads.ts';
import type { VendorDocument } from './vendors.ts';

export interface CatalogStore {
  database: MongoDatabase;
  products: Collection<ProductDocument>;
  offers: Collection<OfferDocument>;
  categories: Collection<CategoryDocument>;
  deals: Collection<DealDocument>;
  vendors: Collection<VendorDocument>;
  uploads: Collection<UploadDocument>;
  imports: Collection<ImportDocument>;
  importErrors: Collection<ImportErrorDocument>;
  idempotency: Collection<IdempotencyDocument>;
  promotions: Collection<PromotionDocument>;
  cases: Collection<CaseDocument>;
  reports: Collection<ReportDocument>;
  reportQuotas: Collection<ReportQuotaDocument>;
  titlePrints: Collection<TitlePrintDocument>;
  priceLists: Collection<PriceListDocument>;
  priceListEntries: Collection<PriceListEntryDocument>;
  exchangeRates: Collection<ExchangeRatesDocument>;
}

/** Absent outside a transaction. */
export type Session = ClientSession | undefined;

const DAY_S = 24 * 60 * 60;

/** Every list query names the index it relies on; `test/indexes.int.test.ts` asks the store to explain each. */
const indexes: Readonly<Record<string, IndexDescription[]>> = {
  products: [
    { name: 'slug', key: { slug: 1 }, unique: true },
    { name: 'byStatusNewest', key: { status: 1, createdAt: -1, _id: -1 } },
    { name: 'byStatusTitle', key: { status: 1, sortTitle: 1, _id: 1 } },
    { name: 'byStatusPrice', key: { status: 1, sortPrice: 1, _id: 1 } },
    { name: 'byCategoryNewest', key: { categoryPath: 1, status: 1, createdAt: -1, _id: -1 } },
    { name: 'byCategoryTitle', key: { categoryPath: 1, status: 1, sortTitle: 1, _id: 1 } },
    { name: 'byCategoryPrice', key: { categoryPath: 1, status: 1, sortPrice: 1, _id: 1 } },
    { name: 'byCategory', key: { categoryPath: 1, _id: 1 } },
    { name: 'byVendorNewest', key: { submittedBy: 1, status: 1, createdAt: -1, _id: -1 } },
    { name: 'byWord', key: { words: 1, status: 1, createdAt: -1, _id: -1 } },
    { name: 'variant', key: { 'variants.id': 1 } },
    { name: 'upload', key: { 'media.uploadId': 1 } },
    { name: 'toScreen', key: { toScreen: 1, _id: 1 }, partialFilterExpression: { toScreen: { $exists: true } } },
  ],
  offers: [
    { name: 'vendorSku', key: { vendorId: 1, sku: 1 }, unique: true },
    { name: 'byProduct', key: { productId: 1, _id: 1 } },
    { name: 'byVendor', key: { vendorId: 1, _id: 1 } },
    { name: 'jumped', key: { vendorId: 1, jumpedAt: 1 }, partialFilterExpression: { jumpedAt: { $exists: true } } },
  ],
  titlePrints: [{ name: 'byBand', key: { bands: 1, _id: 1 } }],
  categories: [
    { name: 'slug', key: { slug: 1 }, unique: true },
    { name: 'siblingName', key: { parentId: 1, nameKey: 1 }, unique: true },
    { name: 'path', key: { path: 1 } },
    { name: 'pending', key: { refreshFrom: 1 }, partialFilterExpression: { refreshFrom: { $exists: true } } },
  ],
  deals: [
    { name: 'byOffer', key: { offerId: 1, endsAt: 1 } },
    { name: 'byEnd', key: { endsAt: 1, _id: 1 } },
    { name: 'due', key: { dueAt: 1 }, partialFilterExpression: { dueAt: { $exists: true } } },
  ],
  uploads: [
    { name: 'byOwner', key: { ownerId: 1, status: 1, expiresAt: 1 } },
    { name: 'unfinished', key: { status: 1, expiresAt: 1 } },
    { name: 'byAge', key: { contentType: 1, createdAt: 1 } },
  ],
  imports: [
    { name: 'oneRunPerUpload', key: { uploadId: 1 }, unique: true, partialFilterExpression: { isOpen: true } },
    { name: 'open', key: { isOpen: 1, createdAt: 1 } },
    { name: 'byVendor', key: { vendorId: 1, _id: -1 } },
  ],
  importErrors: [{ name: 'byLine', key: { importId: 1, line: 1 }, unique: true }],
  promotions: [
    { name: 'code', key: { codeKey: 1 }, unique: true },
    { name: 'byVendor', key: { vendorId: 1, _id: -1 } },
  ],
  cases: [
    { name: 'oneOpen', key: { subjectId: 1 }, unique: true, partialFilterExpression: { isOpen: true } },
    { name: 'queue', key: { isOpen: 1, score: -1, _id: 1 } },
    { name: 'bySubject', key: { subjectId: 1, _id: 1 } },
  ],
  reports: [
    { name: 'oneOpen', key: { productId: 1, userId: 1 }, unique: true, partialFilterExpression: { isOpen: true } },
    { name: 'byCase', key: { caseId: 1, _id: -1 } },
  ],
  reportQuotas: [{ name: 'expiry', key: { createdAt: 1 }, expireAfterSeconds: 2 * DAY_S }],
  priceLists: [
    { name: 'byVendor', key: { vendorId: 1, _id: -1 } },
    { name: 'byOrganization', key: { buyerOrganizationId: 1, _id: -1 } },
    { name: 'byAudience', key: { vendorId: 1, audience: 1 } },
    { name: 'stale', key: { staleSince: 1 }, partialFilterExpression: { staleSince: { $exists: true } } },
  ],
  priceListEntries: [
    { name: 'byAudienceOffer', key: { audience: 1, offerId: 1 } },
    { name: 'byList', key: { priceListId: 1, offerId: 1, minQuantity: 1 } },
  ],
  exchangeRates: [{ name: 'byTime', key: { asOf: -1 } }],
  idempotency: [{ name: 'expiry', key: { createdAt: 1 }, expireAfterSeconds: DAY_S }],
};

export function catalogStore(database: MongoDatabase): CatalogStore {
  const { db } = database;
  return {
    database,
    products: db.collection('products'),
    offers: db.collection('offers'),
    categories: db.collection('categories'),
    deals: db.collection('deals'),
    vendors: db.collection('vendors'),
    uploads: db.collection('uploads'),
    imports: db.collection('imports'),
    importErrors: db.collection('importErrors'),
    idempotency: db.collection('idempotency'),
    promotions: db.collection('promotions'),
    cases: db.collection('cases'),
    reports: db.collection('reports'),
    reportQuotas: db.collection('reportQuotas'),
    titlePrints: db.collection('titlePrints'),
    priceLists: db.collection('priceLists'),
    priceListEntries: db.collection('priceListEntries'),
    exchangeRates: db.collection('exchangeRates'),
  };
}

/** Creates what is missing; harmless when two processes do it at once. */
export async function prepareCatalog(database: MongoDatabase): Promise<void> {
  await prepareMongoMessaging(database);
  for (const [collection, descriptions] of Object.entries(indexes)) {
    await database.db.collection(collection).createIndexes(descriptions);
  }
}

/** A unique index refused: somebody else was faster with the same slug, sku or key. */
export function isDuplicateKey(error: unknown, index?: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 11_000 &&
    (index === undefined || error.message.includes(`index: ${index}`))
  );
}

/** Races for one unique key are settled at once; more rounds than this mean something else is wrong. */
const MAX_ROUNDS = 5;

/**
 * A transaction in which losing a race for a unique key means looking again:
 * the work runs anew and finds what the winner wrote. The driver itself runs
 * it again after a write conflict, so `work` has no effect outside `session`.
 */
export async function inCatalogTransaction<T>(
  store: CatalogStore,
  work: (transaction: MongoTransaction) => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await inMongoTransaction(store.database, work);
    } catch (error) {
      if (!isDuplicateKey(error) || round === MAX_ROUNDS) throw error;
    }
  }
}
