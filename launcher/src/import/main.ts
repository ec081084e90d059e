import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import * as operations from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import { createClient } from 'graphql-sse';
import { type Account, done, openAccount } from '../demo/account.ts';
import { type FeedFile, openFeed } from './feed-file.ts';
import { type Bar, progressBar } from './progress-bar.ts';

const USAGE = `Imports a product feed into the shop of a vendor, and shows how far it has come.

  pnpm run import FILE --vendor HANDLE_OR_ID

  FILE                a table (.csv, .tsv) with a header line, or one JSON object per line (.ndjson, .jsonl)
  --vendor V          the handle or id of the vendor
  --email E           who imports; also IMPORT_EMAIL
                      the password is read from IMPORT_PASSWORD; absent, it is that of the demo accounts
  --format F          CSV or JSONL, when the name of the file does not say
  --currency C        of rows that name none
  --language L        of the words in the feed
  --errors FILE       where the refused rows go (FILE.errors.ndjson), with line numbers and reasons
  --graph URL         the marketplace (GRAPH_URL, http://localhost:4000)

  A feed says what there is and what it costs, not how many: counts are brought by inventorySyncBatch, by sku.
  The same file again changes nothing. Ctrl-C stops watching; the import goes on by itself.
  Ends with 0 when every row was taken over, 1 when some were refused, 2 when nothing was.
`;

/** A marketplace that answers to nobody is gone: the client gives up after so many tries, pausing longer each time. */
const RETRIES = 8;

interface Settings {
  path: string;
  vendor: string;
  email: string;
  format: string | undefined;
  currencyCode: string | undefined;
  language: string | undefined;
  errorsPath: string;
  graphUrl: string;
}

type Progress = NonNullable<operations.CatalogImportProgressSubscription['catalogImportProgress']>['import'];

function readSettings(): Settings | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      vendor: { type: 'string' },
      email: { type: 'string' },
      format: { type: 'string' },
      currency: { type: 'string' },
      language: { type: 'string' },
      errors: { type: 'string' },
      graph: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [path] = positionals;
  const email = values.email ?? process.env['IMPORT_EMAIL'];
  if (values.help || !path || positionals.length > 1 || !values.vendor || !email) return undefined;
  return {
    path,
    vendor: values.vendor,
    email,
    format: values.format,
    currencyCode: values.currency,
    language: values.language,
    errorsPath: values.errors ?? `${path}.errors.ndjson`,
    graphUrl: (values.graph ?? process.env['GRAPH_URL'] ?? 'http://localhost:4000').replace(/\/+$/, ''),
  };
}

async function run(settings: Settings): Promise<number> {
  const feed = await openFeed(settings.path, settings.format);
  const password = process.env['IMPORT_PASSWORD'];
  const account = await openAccount(settings.graphUrl, { email: settings.email, ...(password ? { password } : {}) });
  const vendorId = await vendorIdOf(account, settings.vendor);
  const bar = progressBar(process.stderr);
  const uploadId = await bring(account, feed, bar);
  const { catalogImportStart } = await account.ask(operations.CatalogImportStartDocument, {
    input: {
      vendorId,
      uploadId,
      format: feed.format,
      currencyCode: settings.currencyCode,
      language: settings.language,
    },
  });
  const importId = done('The import', catalogImportStart).import!.id;
  const result = await watch(settings.graphUrl, account, { importId, rows: feed.lines(), bar });
  const { status, processed, failed, failureReason } = result;
  if (status === 'FAILED') process.stderr.write(`The import failed: ${failureReason}\n`);
  process.stdout.write(
    `${processed} rows: ${result.created} new, ${result.updated} changed, ${result.unchanged} as they were, ` +
      `${result.stale} stale, ${failed} refused\n`,
  );
  if (result.created > 0) {
    process.stdout.write(
      'New offers have no stock yet, and a search shows what can be bought: inventorySyncBatch takes counts by sku.\n',
    );
  }
  if (result.errorsUrl) {
    await saveErrors(result.errorsUrl, settings.errorsPath);
    process.stdout.write(`What was wrong with the refused rows stands in ${settings.errorsPath}\n`);
  }
  if (status === 'FAILED') return 2;
  return failed > 0 ? 1 : 0;
}

async function vendorIdOf(account: Account, vendor: string): Promise<string> {
  if (/^ven_[0-9A-Z]{26}$/.test(vendor)) return vendor;
  const found = await account.ask(operations.VendorByHandleDocument, { handle: vendor });
  if (!found.vendor) throw new Error(`There is no vendor "${vendor}".`);
  return found.vendor.id;
}

async function bring(account: Account, feed: FeedFile, bar: Bar): Promise<string> {
  const { mediaUploadCreate } = await account.ask(operations.MediaUploadCreateDocument, {
    input: { filename: feed.name, contentType: feed.contentType, byteSize: feed.byteSize },
  });
  const { uploadId, uploadUrl } = done('The upload', mediaUploadCreate);
  const response = await fetch(uploadUrl!, {
    method: 'PUT',
    headers: { 'content-type': feed.contentType, 'content-length': String(feed.byteSize) },
    body: Readable.toWeb(feed.read((bytes) => bar.show('uploading', bytes, feed.byteSize))) as BodyInit,
    duplex: 'half',
  } as RequestInit);
  if (!response.ok) throw new Error(`The upload was refused: ${response.status} ${await response.text()}`);
  bar.end();
  return uploadId!;
}

/** Follows the stream; a connection that breaks is made anew, and begins with how things stand. */
async function watch(
  graphUrl: string,
  account: Account,
  { importId, rows, bar }: { importId: string; rows: number; bar: Bar },
): Promise<Progress> {
  const client = createClient({
    url: `${graphUrl}/graphql/stream`,
    retryAttempts: RETRIES,
    headers: { authorization: `Bearer ${account.accessToken()}` },
  });
  const begin = performance.now();
  try {
    const query = print(operations.CatalogImportProgressDocument);
    const stream = client.iterate<operations.CatalogImportProgressSubscription>({ query, variables: { importId } });
    for await (const { data, errors } of stream) {
      if (errors) throw new Error(errors.map(({ message }) => message).join('; '));
      const progress = data!.catalogImportProgress.import;
      const perSecond = Math.round(progress.processed / Math.max(0.001, (performance.now() - begin) / 1_000));
      bar.show(`${progress.failed} refused, ${perSecond} rows/s`, progress.processed, rows);
      if (progress.status !== 'COMPLETED' && progress.status !== 'FAILED') continue;
      bar.end();
      return progress;
    }
    throw new Error('The stream ended before the import did.');
  } finally {
    client.dispose();
  }
}

async function saveErrors(url: string, path: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`The refused rows could not be fetched: ${response.status}`);
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(path));
}

const settings = readSettings();
if (!settings) {
  process.stderr.write(USAGE);
  process.exitCode = process.argv.some((arg) => arg === '--help' || arg === '-h') ? 0 : 2;
} else {
  process.once('SIGINT', () => {
    process.stderr.write('\nThe import goes on by itself.\n');
    process.exit(130);
  });
  try {
    process.exitCode = await run(settings);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
