import { MongoClient } from 'mongodb';

const BATCH = 500;
const COLLECTION = 'bench_rows';

/** A product and its offer for each row, by the driver alone into the same store. Resolves to rows per second. */
export async function bareInserts(url: string, rows: number): Promise<number> {
  const client = new MongoClient(url);
  try {
    await client.connect();
    const collection = client.db().collection<{ _id: string }>(COLLECTION);
    const begin = performance.now();
    for (let from = 0; from < rows; from += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, rows - from) }, (_, at) => from + at);
      await collection.insertMany(numbers.flatMap((number) => [productOf(number), offerOf(number)]));
    }
    const perSecond = rows / ((performance.now() - begin) / 1_000);
    await collection.drop();
    return perSecond;
  } finally {
    await client.close();
  }
}

function productOf(number: number) {
  return {
    ...{ _id: `product-${number}`, title: `Thing, number ${number}`, slug: `thing-${number}`, brand: 'Brand' },
    description: 'A sentence that says what it is and what for.',
    ...{ status: 'PUBLISHED', categoryPath: ['shelf', 'board'], variants: [{ id: `variant-${number}`, title: 'One' }] },
  };
}

function offerOf(number: number) {
  return {
    ...{ _id: `offer-${number}`, sku: `SKU-${number}`, productId: `product-${number}`, status: 'ACTIVE' },
    price: { amount: 1_000 + number, currencyCode: 'EUR' },
  };
}
