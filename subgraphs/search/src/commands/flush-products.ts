import { isOwnField } from '../clients/collection-fields.ts';
import { type ProductDocument, toDocument } from '../domain/product-document.ts';
import { dirtyProducts, loadProducts, settle } from '../store/source-model.ts';
import type { CommandDeps } from './deps.ts';

/** One import of this many documents takes well under a second. */
const BATCH = 250;
/** An index does not grow with every tag that somebody writes; words of a further language are not searched in. */
const MAX_OWN_FIELDS = 250;
const knownFields = new WeakMap<CommandDeps, Map<string, Set<string>>>();

/**
 * Brings documents of one version up to date, those that have waited longest
 * first; resolves to how many. A product leaves the list only if nothing has
 * changed since its sources were read, so whoever writes last writes the newest.
 */
export async function flushProducts(deps: CommandDeps, version: string, count = BATCH): Promise<number> {
  const { redis, index, log } = deps;
  const ids = await dirtyProducts(redis, version, count);
  if (ids.length === 0) return 0;
  const products = await loadProducts(redis, ids);
  const documents: ProductDocument[] = [];
  const gone: string[] = [];
  for (const product of products) {
    const document = toDocument(product);
    if (document) documents.push(document);
    else gone.push(product.productId);
  }
  await ensureFields(deps, version, documents);
  const refused = await index.upsert(version, documents);
  // It would be refused again; the next change of the product, or a rebuild, tries anew.
  for (const [productId, reason] of refused) log.error({ productId, version, reason }, 'document refused by the index');
  await index.remove(version, gone);
  await settle(redis, version, products);
  return ids.length;
}

/** A currency or language seen for the first time gets its fields before the first document that needs them. */
async function ensureFields(deps: CommandDeps, version: string, documents: readonly ProductDocument[]): Promise<void> {
  const wanted = new Set(documents.flatMap((document) => Object.keys(document).filter(isOwnField)));
  for (const currency of documents.flatMap(({ currencies }) => currencies)) wanted.add(`price_${currency}`);
  const versions = knownFields.get(deps) ?? new Map<string, Set<string>>();
  knownFields.set(deps, versions);
  const isKnown = (name: string) => versions.get(version)?.has(name) ?? false;
  if ([...wanted].every(isKnown)) return;
  const present = await deps.index.ownFields(version);
  const missing = [...wanted].filter((name) => !present.has(name)).slice(0, Math.max(0, MAX_OWN_FIELDS - present.size));
  if (missing.length > 0) await deps.index.addOwnFields(version, missing);
  versions.set(version, new Set([...present, ...wanted]));
}
