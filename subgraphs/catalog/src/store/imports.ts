import type { ImportError, ImportState } from '../domain/catalog-import.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface ImportDocument extends Omit<ImportState, 'id'> {
  _id: string;
  /** While it is to be run; at most one per upload. */
  isOpen: boolean;
  lease: { holder: string; until: Date } | null;
  /** Runs begun since it last came any further. */
  attempts: number;
}

export interface ImportErrorDocument extends ImportError {
  _id: string;
  importId: string;
}

/** A runner that has said nothing for so long is taken for dead. */
export const IMPORT_LEASE_MS = 15_000;

export function toImportState({
  _id,
  isOpen: _open,
  lease: _lease,
  attempts: _attempts,
  ...state
}: ImportDocument): ImportState {
  return { id: _id, ...state };
}

export async function findImports(store: CatalogStore, ids: readonly string[]): Promise<ImportState[]> {
  const documents = await store.imports.find({ _id: { $in: [...ids] } }).toArray();
  return documents.map(toImportState);
}

/** Index `oneRunPerUpload`. */
export async function findOpenImport(
  store: CatalogStore,
  uploadId: string,
  session: Session,
): Promise<ImportState | null> {
  const document = await store.imports.findOne({ uploadId, isOpen: true }, { session });
  return document && toImportState(document);
}

/** Index `byVendor`. */
export async function countOpenImports(store: CatalogStore, vendorId: string, session: Session): Promise<number> {
  return store.imports.countDocuments({ vendorId, isOpen: true }, { session });
}

export async function insertImport(
  store: CatalogStore,
  { id, ...state }: ImportState,
  session: Session,
): Promise<void> {
  await store.imports.insertOne({ _id: id, ...state, isOpen: true, lease: null, attempts: 0 }, { session });
}

/** Index `open`. The oldest import nobody works on, with the lease taken; one runner at a time has it. */
export async function claimImport(
  store: CatalogStore,
  holder: string,
  now: Date,
): Promise<{ state: ImportState; attempts: number } | null> {
  const document = await store.imports.findOneAndUpdate(
    { isOpen: true, $or: [{ lease: null }, { 'lease.until': { $lt: now } }] },
    { $set: { lease: { holder, until: new Date(now.getTime() + IMPORT_LEASE_MS) } }, $inc: { attempts: 1 } },
    { sort: { createdAt: 1 }, returnDocument: 'after' },
  );
  return document && { state: toImportState(document), attempts: document.attempts };
}

/**
 * Saves how far an import has come and renews the lease. Concurrency: false
 * means that the lease was lost to another runner, whose work this would repeat.
 */
export async function saveImport(
  store: CatalogStore,
  { id, ...state }: ImportState,
  { holder, now }: { holder: string; now: Date },
  session: Session,
): Promise<boolean> {
  const isOpen = state.finishedAt === null;
  const lease = isOpen ? { holder, until: new Date(now.getTime() + IMPORT_LEASE_MS) } : null;
  const result = await store.imports.updateOne(
    { _id: id, 'lease.holder': holder, version: state.version - 1 },
    { $set: { ...state, isOpen, lease, attempts: 0 } },
    { session },
  );
  return result.matchedCount === 1;
}

export async function releaseImport(store: CatalogStore, id: string, holder: string): Promise<void> {
  await store.imports.updateOne({ _id: id, 'lease.holder': holder }, { $set: { lease: null } });
}

export async function insertImportErrors(
  store: CatalogStore,
  importId: string,
  errors: readonly ImportError[],
  session: Session,
): Promise<void> {
  if (errors.length === 0) return;
  await store.importErrors.insertMany(
    errors.map((error) => ({ _id: `${importId}:${error.line}`, importId, ...error })),
    { session },
  );
}

/** Index `byLine`. In the order of the file, without holding all of them. */
export async function* readImportErrors(store: CatalogStore, importId: string): AsyncGenerator<ImportError> {
  const cursor = store.importErrors.find({ importId }).sort({ line: 1 }).batchSize(500);
  for await (const { line, sku, code, field, reason } of cursor) yield { line, sku, code, field, reason };
}
