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

interface Indexed {
  id: string;
  inStock: boolean;
}

/** Which products are found, and whether they are in stock: what a buyer would be misled by. */
async function searchIndex(stores: StoreReaders) {
  const expected = await productsForSale(stores);
  const broken: string[] = [];
  let checked = 0;
  for (const { id, inStock } of await indexed(stores)) {
    checked += 1;
    const right = expected.get(id);
    expected.delete(id);
    if (right === undefined) broken.push(`${id} is found and not for sale`);
    else if (right !== inStock) broken.push(`${id} is shown as ${inStock ? 'in' : 'out of'} stock and is not`);
  }
  for (const id of expected.keys()) broken.push(`${id} is for sale and not found`);
  return finding(checked, broken);
}

/** Published products with an active offer, and whether any of those has units left. */
async function productsForSale({ mongo: { catalog }, rows }: StoreReaders): Promise<Map<string, boolean>> {
  const available = new Map(
    (
      await rows<{ offerId: string; available: number }>(
        'inventory',
        `select offer_id as "offerId", sum(on_hand - reserved)::int as available from stock_level group by offer_id`,
      )
    ).map((row) => [row.offerId, row.available]),
  );
  const inStock = new Map<string, boolean>();
  for await (const { _id, productId } of catalog
    .collection<Offer>('offers')
    .find({ status: 'ACTIVE' }, { projection: { productId: 1 } })) {
    inStock.set(productId, (inStock.get(productId) ?? false) || (available.get(_id) ?? 0) > 0);
  }
  const forSale = new Map<string, boolean>();
  for await (const { _id } of catalog
    .collection<{ _id: string; status: string }>('products')
    .find({ status: 'PUBLISHED' }, { projection: { _id: 1 } })) {
    const stocked = inStock.get(_id);
    if (stocked !== undefined) forSale.set(_id, stocked);
  }
  return forSale;
}

const ALIAS = 'products';

async function indexed({ typesense }: StoreReaders): Promise<Indexed[]> {
  const aliases = await typesense.aliases().retrieve();
  const live = aliases.aliases.find(({ name }) => name === ALIAS);
  if (!live) return [];
  const lines = await typesense.collections(live.collection_name).documents().export({ include_fields: 'id,inStock' });
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Indexed);
}

export const readModelInvariants: readonly Invariant[] = [readModels];
