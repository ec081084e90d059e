import { fact, type MoneyFact } from './fact.ts';

/** The whole product as a reader needs it. Key: the product; sequence: its version. */
export interface ProductChanged {
  productId: string;
  slug: string;
  title: string;
  description: string | null;
  /** In other languages than the one it was written in; absent in events of before. */
  translations?: { language: string; title: string; description: string | null }[];
  /** DRAFT PENDING_REVIEW PUBLISHED REJECTED ARCHIVED */
  status: string;
  brand: string | null;
  /** From the root down to the product's own category. */
  categoryPath: { id: string; slug: string; name: string }[];
  attributes: { key: string; label: string; value: string | number | boolean; unit: string | null; isFacet: boolean }[];
  imageUrl: string | null;
  submittedByVendorId: string;
  variantIds: string[];
  /** Of those, the ones that have a code or an option; absent when none has, and in events of before. */
  variants?: VariantFact[];
  createdAt: string;
  updatedAt: string;
}

/** One form of a product. */
export interface VariantFact {
  id: string;
  /** GTIN-8, -12, -13 or -14. */
  gtin: string | null;
  /** What tells it from its siblings. */
  options: { key: string; value: string | number | boolean; unit: string | null }[];
}

/** A moderator has decided about a product. Key: the product; sequence: its version. */
export interface ProductModerated {
  productId: string;
  vendorId: string;
  title: string;
  /** APPROVE REJECT REQUEST_CHANGES */
  decision: string;
  /** Null where nothing was refused. */
  reason: string | null;
  /** What the product is now, as in `ProductChanged`. */
  status: string;
}

/** Key: the offer; sequence: its version. Topics: `priceChanged:<offerId>` when the price is another than before. */
export interface OfferChanged {
  offerId: string;
  productId: string;
  variantId: string;
  vendorId: string;
  sku: string;
  price: MoneyFact;
  previousPrice: MoneyFact | null;
  /** ACTIVE PAUSED OUT_OF_COMPLIANCE ARCHIVED */
  status: string;
}

/**
 * What is shown of offers is another, though nobody changed them: the stock went low or came back, the vendor's
 * standing or rating changed, the product came out or went. Key: the offer, the vendor or the product.
 */
export interface ListingsChanged {
  /** At most 200. */
  offers: { offerId: string; productId: string; variantId: string }[];
  /** There are more than can be named: it may be any. */
  everything: boolean;
}

/** A category is new, or was renamed, moved or redefined. Key: the category; sequence: its version. */
export interface CategoryChanged {
  categoryId: string;
  slug: string;
  /** Null at the top. */
  parentId: string | null;
  /** Where it stood before; null at the top, or when it is new. */
  previousParentId: string | null;
}

/** Key: the deal; sequence: its version. Told once for each change of its status. Topics: `lightningDealChanged:<dealId>`. */
export interface DealChanged {
  dealId: string;
  offerId: string;
  vendorId: string;
  dealPrice: MoneyFact;
  startsAt: string;
  endsAt: string;
  slotsTotal: number;
  /** SCHEDULED LIVE SOLD_OUT ENDED CANCELED */
  status: string;
}

/**
 * How many uses there are of something that inventory counts like units. Key:
 * the allowance, which is the id of what may be used; sequence grows with every change.
 */
export interface AllowanceSet {
  allowanceId: string;
  /** DEAL PROMOTION */
  kind: string;
  /** In all, those already made included: inventory never takes away what is used or held. */
  units: number;
  /** Whose deal or promotion it is; null for one of the marketplace. */
  vendorId: string | null;
}

/** Key: the import. Topics: `catalogImportProgress:<importId>`. */
export interface ImportProgressed {
  importId: string;
  vendorId: string;
  /** RECEIVED RUNNING COMPLETED FAILED */
  status: string;
  processed: number;
  failed: number;
}

export const productChanged = fact<ProductChanged>()('catalog.productChanged', 1, {
  productId: 'prd_01J0000000000000000000PRDT',
  slug: 'brass-reading-lamp',
  title: 'Brass reading lamp',
  description: 'A lamp to read by.',
  translations: [{ language: 'de', title: 'Leselampe aus Messing', description: null }],
  status: 'PUBLISHED',
  brand: 'North',
  categoryPath: [
    { id: 'cat_01J0000000000000000000RTCT', slug: 'home', name: 'Home' },
    { id: 'cat_01J0000000000000000000CTGY', slug: 'lamps', name: 'Lamps' },
  ],
  attributes: [{ key: 'colour', label: 'Colour', value: 'brass', unit: null, isFacet: true }],
  imageUrl: null,
  submittedByVendorId: 'ven_01J0000000000000000000VEND',
  variantIds: ['var_01J0000000000000000000VRNT'],
  variants: [
    {
      id: 'var_01J0000000000000000000VRNT',
      gtin: '4006381333931',
      options: [{ key: 'finish', value: 'polished', unit: null }],
    },
  ],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
});
export const productModerated = fact<ProductModerated>()('catalog.productModerated', 1, {
  productId: 'prd_01J0000000000000000000PRDT',
  vendorId: 'ven_01J0000000000000000000VEND',
  title: 'Brass reading lamp',
  decision: 'REJECT',
  reason: 'The picture shows another lamp.',
  status: 'REJECTED',
});
export const offerChanged = fact<OfferChanged>()('catalog.offerChanged', 1, {
  offerId: 'off_01J0000000000000000000FFER',
  productId: 'prd_01J0000000000000000000PRDT',
  variantId: 'var_01J0000000000000000000VRNT',
  vendorId: 'ven_01J0000000000000000000VEND',
  sku: 'LAMP-1',
  price: { amount: 4_900, currencyCode: 'EUR' },
  previousPrice: null,
  status: 'ACTIVE',
});
export const listingsChanged = fact<ListingsChanged>()('catalog.listingsChanged', 1, {
  offers: [
    {
      offerId: 'off_01J0000000000000000000FFER',
      productId: 'prd_01J0000000000000000000PRDT',
      variantId: 'var_01J0000000000000000000VRNT',
    },
  ],
  everything: false,
});
export const categoryChanged = fact<CategoryChanged>()('catalog.categoryChanged', 1, {
  categoryId: 'cat_01J0000000000000000000CTGY',
  slug: 'lamps',
  parentId: 'cat_01J0000000000000000000RTCT',
  previousParentId: null,
});
export const dealChanged = fact<DealChanged>()('catalog.dealChanged', 1, {
  dealId: 'dea_01J0000000000000000000DEAL',
  offerId: 'off_01J0000000000000000000FFER',
  vendorId: 'ven_01J0000000000000000000VEND',
  dealPrice: { amount: 2_900, currencyCode: 'EUR' },
  startsAt: '2026-01-01T10:00:00.000Z',
  endsAt: '2026-01-01T12:00:00.000Z',
  slotsTotal: 10,
  status: 'LIVE',
});
export const allowanceSet = fact<AllowanceSet>()('catalog.allowanceSet', 1, {
  allowanceId: 'dea_01J0000000000000000000DEAL',
  kind: 'DEAL',
  units: 10,
  vendorId: 'ven_01J0000000000000000000VEND',
});
export const importProgressed = fact<ImportProgressed>()('catalog.importProgressed', 1, {
  importId: 'imp_01J0000000000000000000MPRT',
  vendorId: 'ven_01J0000000000000000000VEND',
  status: 'RUNNING',
  processed: 100,
  failed: 2,
});
