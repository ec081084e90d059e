/** What there is in the toy shop: everything follows from a number, and the number is in the id. */

const MAX_PRODUCTS = 1_000;
const USERS = 20;
const REVIEWS_EACH = 3;
const OFFERS_EACH = 5;
const VENDORS = 12;
const CATEGORIES = 8;

export const numberOf = (id: string) => Number(id.slice(1));

export function products(first: number): object[] {
  return Array.from({ length: Math.min(first, MAX_PRODUCTS) }, (_, index) => product(`p${index + 1}`));
}

export function product(id: string) {
  const n = numberOf(id);
  return {
    __typename: 'Product',
    id,
    name: `Product ${n}`,
    price: 100 + ((n * 37) % 900),
    description: `What ${n} is, what it is made of, how it is used and how it is kept, in a paragraph of the usual length.`,
    brand: `Brand ${n % 9}`,
    category: category(1 + (n % CATEGORIES)),
    attributes: ['colour', 'weight', 'material'].map((key) => ({ key, value: `${key} of ${n}` })),
    media: [1, 2].map((index) => ({ url: `/media/${n}-${index}.webp`, altText: `Picture ${index}` })),
    offers: Array.from({ length: OFFERS_EACH }, (_, index) => offerOf(n, index)),
  };
}

function category(n: number): object {
  return { id: `c${n}`, name: `Category ${n}`, parent: n > 1 ? category(n >> 1) : null };
}

function offerOf(productNumber: number, index: number) {
  return {
    id: `o${productNumber * OFFERS_EACH + index}`,
    sku: `SKU-${productNumber}-${index}`,
    price: { amount: 1_000 + index * 10 + productNumber, currencyCode: 'EUR' },
    vendor: { id: `v${1 + ((productNumber + index) % VENDORS)}` },
  };
}

export function offer(id: string) {
  const n = numberOf(id);
  const productNumber = Math.floor(n / OFFERS_EACH);
  return { ...offerOf(productNumber, n % OFFERS_EACH), product: product(`p${productNumber}`) };
}

export function availability(id: string) {
  const available = numberOf(id) % 50;
  return { available, status: available === 0 ? 'OUT_OF_STOCK' : 'IN_STOCK' };
}

export function rating(id: string) {
  const n = numberOf(id);
  return { average: 1 + (n % 40) / 10, count: n * 7, histogram: [n, 2, 3, n, 1] };
}

export function reviewsOf(productId: string) {
  const first = numberOf(productId) * REVIEWS_EACH;
  return Array.from({ length: REVIEWS_EACH }, (_, index) => ({
    id: `r${first + index}`,
    rating: 1 + ((first + index) % 5),
    text: `Opinion ${index + 1} about ${productId}`,
    author: { id: `u${1 + ((first + index) % USERS)}` },
  }));
}
