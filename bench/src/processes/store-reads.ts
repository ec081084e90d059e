import { createHistogram } from 'node:perf_hooks';
import { type Collection, MongoClient } from 'mongodb';
import pg from 'pg';
import { Client as Typesense } from 'typesense';
import type { StoreReadLoad, StoreReadResult } from '../catalog/store-read.ts';
import { serveParent } from '../measure/serve-parent.ts';

const PAGE_SIZE = 20;
/** As many as search asks the index for, to have some for those that are sold out. */
const HITS = 32;
/** As many as it looks at for eight suggestions. */
const SUGGESTED = 24;
/** Inventory's statement for any number of offers. */
const AVAILABILITY = {
  name: 'availability',
  text: `select offer.offer_id as "offerId", offer.low_stock_threshold as "lowStockThreshold",
                offer.sequence::float8 as sequence, coalesce(level.on_hand, 0) as "onHand",
                coalesce(level.reserved, 0) as reserved, coalesce(due.quantity, 0) as overdue
           from offer
           left join (
             select offer_id, sum(on_hand)::int as on_hand, sum(reserved)::int as reserved
               from stock_level where offer_id = any($1) group by offer_id
           ) level on level.offer_id = offer.offer_id
           left join (
             select line.offer_id, sum(line.quantity)::int as quantity
               from reservation_line line join reservation r on r.id = line.reservation_id
              where r.status = 'ACTIVE' and r.expires_at <= now() and line.offer_id = any($1)
              group by line.offer_id
           ) due on due.offer_id = offer.offer_id
          where offer.offer_id = any($1) and offer.kind = 'OFFER'`,
};

/** What the marketplace reads for an answer, asked of the stores by their own drivers, one after the other, without anything around it. */
async function readStores(load: StoreReadLoad): Promise<StoreReadResult> {
  const { access, read, inputs, durationMs, maxReads = Number.POSITIVE_INFINITY } = load;
  const mongo = new MongoClient(access.mongodb.catalog);
  const postgres = new pg.Client({ connectionString: access.postgres.inventory.appUrl });
  await Promise.all([mongo.connect(), postgres.connect()]);
  try {
    const [products, offers, categories] = ['products', 'offers', 'categories'].map((name) =>
      mongo.db().collection<Stored>(name),
    ) as [Collection<Stored>, Collection<Stored>, Collection<Stored>];
    const { url, apiKey } = access.typesense;
    const search = new Typesense({ nodes: [{ url }], apiKey, logLevel: 'silent' });
    const offersOf = (ids: string[]) => offers.find({ productId: { $in: ids }, status: { $ne: 'ARCHIVED' } }).toArray();
    const available = async (ids: string[]) => (await postgres.query({ ...AVAILABILITY, values: [ids] })).rows.length;

    const one: Record<StoreReadLoad['read'], (input: string) => Promise<number>> = {
      async 'product page'(slug) {
        const product = await products.findOne({ slug });
        if (!product) return 0;
        const [found] = await Promise.all([
          offersOf([product._id]),
          categories.find({ _id: { $in: product.categoryPath } }).toArray(),
        ]);
        return await available(found.map(({ _id }) => _id));
      },
      async 'category list'(categoryId) {
        const found = await products
          .find({ categoryPath: categoryId, status: { $in: ['PUBLISHED'] } })
          .sort({ sortTitle: 1, _id: 1 })
          .project<Stored>({ texts: 0 })
          .limit(PAGE_SIZE + 1)
          .toArray();
        return (await offersOf(found.map(({ _id }) => _id))).length;
      },
      async search(query) {
        const { results } = await search.multiSearch.perform<FoundProduct[]>({ searches: [searchFor(query)] }, {});
        const hits = results[0]?.hits ?? [];
        return await available(
          hits.flatMap(({ document }) => (JSON.parse(document.offers) as { id: string }[]).map(({ id }) => id)),
        );
      },
      async suggestions(prefix) {
        const { results } = await search.multiSearch.perform<FoundProduct[]>({ searches: [suggestFor(prefix)] }, {});
        const ids = (results[0]?.hits ?? []).map(({ document }) => document.id);
        const shown = { _id: { $in: ids }, status: 'PUBLISHED' };
        return (await products.find(shown).project({ _id: 1 }).toArray()).length;
      },
    };

    const latencies = createHistogram();
    let reads = 0;
    const begin = performance.now();
    while (reads < maxReads && performance.now() - begin < durationMs) {
      const input = inputs[reads % inputs.length]!;
      const at = performance.now();
      if ((await one[read](input)) === 0) throw new Error(`The stores have nothing for ${read} ${input}`);
      latencies.record(Math.max(1, Math.round((performance.now() - at) * 1_000)));
      reads += 1;
    }
    return {
      reads,
      seconds: (performance.now() - begin) / 1_000,
      p50Ms: latencies.percentile(50) / 1_000,
      p99Ms: latencies.percentile(99) / 1_000,
    };
  } finally {
    await Promise.all([mongo.close(), postgres.end()]);
  }
}

interface Stored {
  _id: string;
  categoryPath: string[];
  productId?: string;
  [field: string]: unknown;
}
interface FoundProduct {
  id: string;
  /** JSON. */
  offers: string;
}

/** What search asks for words and these three facets. */
function searchFor(query: string) {
  return {
    collection: 'products',
    q: query,
    query_by: 'title,brand,categories,attributeTexts,description',
    query_by_weights: '16,8,4,2,1',
    num_typos: 2,
    typo_tokens_threshold: 1,
    drop_tokens_threshold: 1,
    filter_by: 'inStock:=true',
    sort_by: '_text_match:desc,popularity:desc,rating:desc',
    facet_by: 'brand,categoryPaths,attributes',
    max_facet_values: 1_000,
    limit: HITS,
    exclude_fields: 'attributeTexts,embedding',
  };
}

/** What search asks about a beginning that too few of what sells best have. */
function suggestFor(prefix: string) {
  return {
    collection: 'products',
    q: prefix,
    query_by: 'title,brand,categories',
    query_by_weights: '4,4,1',
    num_typos: 2,
    typo_tokens_threshold: 1,
    drop_tokens_threshold: 1,
    sort_by: '_text_match:desc,popularity:desc',
    limit: SUGGESTED,
    include_fields: 'id,title,brand,categories,categoryIds',
  };
}

serveParent({ facts: {}, answer: readStores as (question: never) => Promise<StoreReadResult> });
