import * as operations from '@marketgraph/schema/generated/operations';
import { expect, it } from 'vitest';
import { upload, type Vendor } from '../../story/cast.ts';
import { accepted } from '../../story/report.ts';
import { badFeed } from '../../support/bad-feed.ts';
import { peakGrowth } from '../../support/memory.ts';
import type { AttackedShop } from './attacked-shop.ts';

/** One process of the tests has a hard time with ten thousand, and shows nothing that eight of the product do not. */
const ROWS = { processes: 10_000, monolith: 2_000 };
const EVERY_BAD = 40;
const MEBIBYTE = 1_024 * 1_024;
/**
 * What a process may grow by on top of being idle, garbage included: the catalog alone, and all services in one
 * process, where the same rows are indexed and known to inventory at the same time.
 */
const MEMORY_BYTES = { processes: 192 * MEBIBYTE, monolith: 448 * MEBIBYTE };
const IMPORT_MS = 120_000;

export function itTakesWhatIsGoodOfAFeed(shop: () => AttackedShop): void {
  it('C17 of thousands of rows the bad ones are listed with line and reason, the good ones are there, in bounded memory', async () => {
    const { market, beta } = shop();
    const feed = badFeed(ROWS[market.shape], EVERY_BAD);
    const file = { filename: 'feed.ndjson', contentType: 'application/x-ndjson' };
    const uploadId = await upload(beta.person, file, feed.text);
    const pid = market.processes?.services.get('catalog')?.pid ?? process.pid;
    const { result, grewBytes } = await peakGrowth(pid, () => importFile(beta, uploadId));
    expect(result).toMatchObject({ status: 'COMPLETED', processed: feed.rows, failed: feed.bad.size });
    expect(grewBytes).toBeLessThan(MEMORY_BYTES[market.shape]);

    const listed = (await (await fetch(result.errorsUrl!)).text()).trim().split('\n');
    const told = new Map(
      listed.map((line) => JSON.parse(line) as { line: number; reason: string }).map((row) => [row.line, row.reason]),
    );
    expect(listed.length).toBe(feed.bad.size);
    expect([...told.keys()].toSorted((a, b) => a - b)).toEqual([...feed.bad.keys()]);
    for (const [line, says] of feed.bad) expect(told.get(line), `line ${line}`).toMatch(says);

    expect((await skusOf(beta)).filter((sku) => sku.startsWith('FEED-'))).toEqual(feed.good);
  });
}

async function importFile({ person, id: vendorId }: Vendor, uploadId: string) {
  const { catalogImportStart } = await person.ask(operations.CatalogImportStartDocument, {
    input: { vendorId, uploadId, format: 'JSONL' },
  });
  const started = accepted('catalogImportStart', catalogImportStart.import, catalogImportStart.userErrors);
  const progress = person.watch(operations.CatalogImportProgressDocument, { importId: started.id });
  const ended = await progress.find(
    ({ catalogImportProgress: { import: state } }) => state.status === 'COMPLETED' || state.status === 'FAILED',
    'the end of the import',
    IMPORT_MS,
  );
  await progress.cut();
  return ended.catalogImportProgress.import;
}

async function skusOf({ person, id: vendorId }: Vendor): Promise<string[]> {
  const skus: string[] = [];
  let after: string | null | undefined;
  do {
    const page: operations.VendorOffersQuery = await person.ask(operations.VendorOffersDocument, {
      vendorId,
      first: 100,
      after,
    });
    skus.push(...(page.vendor?.offers?.edges ?? []).map(({ node }) => node.sku));
    after = page.vendor?.offers?.pageInfo.hasNextPage ? page.vendor.offers.pageInfo.endCursor : null;
  } while (after);
  return skus.toSorted();
}
