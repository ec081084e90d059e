import * as operations from '@marketgraph/schema/generated/operations';
import { upload, type Vendor } from '@marketgraph/tests/story/cast';
import { accepted } from '@marketgraph/tests/story/report';

const IMPORT_MS = 30 * 60 * 1_000;
const FILES = {
  CSV: { filename: 'feed.csv', contentType: 'text/csv' },
  JSONL: { filename: 'feed.ndjson', contentType: 'application/x-ndjson' },
} as const;

/** A vendor's feed, from its upload to its last row. A row that was refused ends the benchmark. */
export async function importFeed(
  vendor: Vendor,
  format: keyof typeof FILES,
  content: string,
): Promise<{ seconds: number; created: number }> {
  const begin = performance.now();
  const uploadId = await upload(vendor.person, FILES[format], content);
  const { catalogImportStart } = await vendor.person.ask(operations.CatalogImportStartDocument, {
    input: { vendorId: vendor.id, uploadId, format },
  });
  const { id } = accepted('catalogImportStart', catalogImportStart.import, catalogImportStart.userErrors);
  const progress = vendor.person.watch(operations.CatalogImportProgressDocument, { importId: id });
  const done = await progress.find(
    ({ catalogImportProgress: { import: state } }) => state.status === 'COMPLETED' || state.status === 'FAILED',
    'the end of the import',
    IMPORT_MS,
  );
  await progress.cut();
  const state = done.catalogImportProgress.import;
  if (state.status !== 'COMPLETED' || state.failed > 0) throw new Error(`The import ended as ${JSON.stringify(state)}`);
  return { seconds: (performance.now() - begin) / 1_000, created: state.created };
}
