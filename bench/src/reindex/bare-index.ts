import { Client } from 'typesense';
import type { StoreAccess } from '../checkout/checkout-stage.ts';

const ALIAS = 'products';
const COLLECTION = 'bench_products';
/** As many as the indexer writes at a time. */
const BATCH = 250;

/** The documents of the live index, written by the driver alone into a collection like it. Resolves to documents per second. */
export async function bareIndex({ url, apiKey }: StoreAccess['typesense']): Promise<number> {
  const typesense = new Client({ nodes: [{ url }], apiKey, logLevel: 'silent', connectionTimeoutSeconds: 60 });
  const live = typesense.collections(ALIAS);
  const { fields } = await live.retrieve();
  const documents = (await live.documents().export())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);
  // It is there already in every collection and must not be asked for.
  await typesense.collections().create({ name: COLLECTION, fields: fields!.filter(({ name }) => name !== 'id') });
  try {
    const begin = performance.now();
    for (let from = 0; from < documents.length; from += BATCH) {
      const outcomes = await typesense
        .collections(COLLECTION)
        .documents()
        .import(documents.slice(from, from + BATCH), { action: 'upsert' });
      const refused = outcomes.find(({ success }) => !success);
      if (refused) throw new Error(`The store took no ${JSON.stringify(refused).slice(0, 500)}`);
    }
    return documents.length / ((performance.now() - begin) / 1_000);
  } finally {
    await typesense.collections(COLLECTION).delete();
  }
}
