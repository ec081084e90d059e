import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { ProductSources } from '../../src/domain/product-document.ts';

const line = z.object({
  name: z.string().min(1),
  description: z.string().nullish(),
  brand: z.string().nullish(),
  categories: z.array(z.string()).default([]),
  price: z.number().nonnegative().default(0),
  popularity: z.number().int().nonnegative().default(0),
});
/** More would be another kind of test: what is measured here is held in memory. */
const MAX_PRODUCTS = 200_000;

/**
 * Products of an NDJSON file (`name, description, brand, categories[], price,
 * popularity` per line) as the index's sources. Rejects with the number of the
 * first line that is none.
 */
export async function readProducts(file: string): Promise<ProductSources[]> {
  const products: ProductSources[] = [];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (text.trim() === '') continue;
    if (products.length === MAX_PRODUCTS) throw new Error(`${file} has more than ${MAX_PRODUCTS} products.`);
    products.push(toSources(text, products.length + 1, file));
  }
  return products;
}

function toSources(text: string, number: number, file: string): ProductSources {
  const { name, description, brand, categories, price, popularity } = parsed(text, number, file);
  return {
    productId: `prd_${number}`,
    facts: {
      slug: `product-${number}`,
      title: name,
      description: description ?? null,
      status: 'PUBLISHED',
      brand: brand ?? null,
      categoryPath: categories.map((category, at) => ({
        id: `cat_${categories.slice(0, at + 1).join('/')}`,
        name: category,
      })),
      attributes: [],
      createdAt: '2026-01-01T00:00:00.000Z',
    },
    offers: [
      {
        id: `off_${number}`,
        facts: {
          vendorId: `ven_${brand ?? 'none'}`,
          status: 'ACTIVE',
          amount: Math.round(price * 100),
          currencyCode: 'EUR',
        },
        available: 1,
      },
    ],
    vendors: new Map(),
    rating: { average: 0, count: 0 },
    sold: popularity,
  };
}

function parsed(text: string, number: number, file: string): z.infer<typeof line> {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file}: line ${number} is no product.`, { cause });
  }
}
