import { finding, type Invariant, together } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';

/** Collections of the owners, as far as they are read here. */
interface Review {
  subjectId: string;
  rating: number;
  status: string;
}

/** Absent: nobody gave so many stars. */
interface Rating extends Partial<Record<`h${1 | 2 | 3 | 4 | 5}`, number>> {
  _id: string;
}

interface Offer {
  _id: string;
  productId: string;
  status: string;
  price: { amount: number; currencyCode: string };
}

interface Product {
  _id: string;
  status: string;
  texts: { title: string }[];
}

const STARS = [1, 2, 3, 4, 5] as const;

const readModels: Invariant = {
  id: 'I13',
  title: 'ratings and the search index say what their sources say',
  async check(stores) {
    return together([await ratings(stores), await searchIndex(stores)]);
  },
};

async function ratings({ mongo: { reviews } }: StoreReaders) {
  const counted = new Map<string, number[]>();
  for await (const { subjectId, rating } of reviews
    .collection<Review>('reviews')
    .find({ status: 'PUBLISHED' }, { projection: { subjectId: 1, rating: 1 } })) {
    const stars = counted.get(subjectId) ?? [0, 0, 0, 0, 0];
    stars[rating - 1] = (stars[rating - 1] ?? 0) + 1;
    counted.set(subjectId, stars);
  }
  const broken: string[] = [];
  let checked = 0;
  for await (const rating of reviews.collection<Rating>('ratings').find({})) {
    checked += 1;
    const stored = STARS.map((star) => rating[`h${star}`] ?? 0);
    const right = counted.get(rating._id) ?? [0, 0, 0, 0, 0];
    counted.delete(rating._id);
    if (stored.join() !== right.join())
      broken.push(`${rating._id} is rated ${stored.join()}, reviews say ${right.join()}`);
  }
  for (const subjectId of counted.keys()) broken.push(`${subjectId} has reviews and no rating`);
  return finding(checked, broken);
}

/** What a buyer is shown of a product before asking anybody else. */
interface Shown {
  title: string;
  inStock: boolean;
  /** Its active offers with their prices, in the order of their ids. */
  offers: string[];
}

/** As many offers as a document of the index carries. */
const MAX_OFFERS = 100;

/** Which products are found, by which title, at which prices, and whether they are in stock: what a buyer would be misled by. */
async function searchIndex(stores: StoreReaders) {
  const expected = await productsForSale(stores);
  const broken: string[] = [];
  let checked = 0;
  for (const { id, ...shown } of await indexed(stores)) {
    checked += 1;
    const right = expected.get(id);
    expected.delete(id);
    if (right === undefined) broken.push(`${id} is found and not for sale`);
    else broken.push(...differences(id, shown, right));
  }
  for (const id of expected.keys()) broken.push(`${id} is for sale and not found`);
  return finding(checked, broken);
}

function differences(id: string, shown: Shown, right: Shown): string[] {
  const broken: string[] = [];
  if (right.inStock !== shown.inStock)
    broken.push(`${id} is shown as ${shown.inStock ? 'in' : 'out of'} stock and is not`);
  if (right.title !== shown.title) broken.push(`${id} is found as "${shown.title}" and is "${right.title}"`);
  if (right.offers.length <= MAX_OFFERS && right.offers.join() !== shown.offers.join()) {
    broken.push(`${id} is found at ${shown.offers.join(', ')} and costs ${right.offers.join(', ')}`);
  }
  return broken;
}

/** Published products with an active offer. */
async function productsForSale({ mongo: { catalog }, rows }: StoreReaders): Promise<Map<string, Shown>> {
  const available = new Map(
    (
      await rows<{ offerId: string; available: number }>(
        'inventory',
        `select offer_id as "offerId", sum(on_hand - reserved)::int as available from stock_level group by offer_id`,
      )
    ).map((row) => [row.offerId, row.available]),
  );
  const active = new Map<string, { inStock: boolean; offers: string[] }>();
  for await (const { _id, productId, price } of catalog
    .collection<Offer>('offers')
    .find({ status: 'ACTIVE' }, { projection: { productId: 1, price: 1 } })) {
    const own = active.get(productId) ?? { inStock: false, offers: [] };
    own.inStock ||= (available.get(_id) ?? 0) > 0;
    own.offers.push(offerText({ id: _id, ...price }));
    active.set(productId, own);
  }
  const forSale = new Map<string, Shown>();
  for await (const { _id, texts } of catalog
    .collection<Product>('products')
    .find({ status: 'PUBLISHED' }, { projection: { _id: 1, texts: 1 } })) {
    const own = active.get(_id);
    if (own) forSale.set(_id, { title: texts[0]?.title ?? '', inStock: own.inStock, offers: own.offers.toSorted() });
  }
  return forSale;
}

function offerText({ id, amount, currencyCode }: { id: string; amount: number; currencyCode: string }): string {
  return `${id} ${amount} ${currencyCode}`;
}

const ALIAS = 'products';

async function indexed({ typesense }: StoreReaders): Promise<(Shown & { id: string })[]> {
  const aliases = await typesense.aliases().retrieve();
  const live = aliases.aliases.find(({ name }) => name === ALIAS);
  if (!live) return [];
  const lines = await typesense
    .collections(live.collection_name)
    .documents()
    .export({ include_fields: 'id,title,inStock,offers' });
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { offers, ...rest } = JSON.parse(line) as Omit<Shown, 'offers'> & { id: string; offers: string };
      const listed = JSON.parse(offers) as { id: string; amount: number; currencyCode: string }[];
      return { ...rest, offers: listed.map(offerText).toSorted() };
    });
}

export const readModelInvariants: readonly Invariant[] = [readModels];
