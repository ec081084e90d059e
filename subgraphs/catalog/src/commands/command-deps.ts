import type { Clock, Ids } from '@marketgraph/platform/core';
import type { FileStore, UrlSigner } from '@marketgraph/platform/files';
import { appendToMongoOutbox, type EventText, type MongoTransaction } from '@marketgraph/platform/mongo';
import type { NewEvent } from '@marketgraph/platform/messaging';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { RateSource } from '../clients/exchange-rates.ts';
import type { OrganizationDirectory } from '../clients/organization-directory.ts';
import type { VendorDirectory } from '../clients/vendor-directory.ts';
import type { PictureWork } from './shrink-picture.ts';
import { type CatalogStore, inCatalogTransaction } from '../store/catalog-store.ts';
import type { ListedPrices } from '../store/listed-prices.ts';
import type { PublishedIds } from '../store/published-ids.ts';
import type { SharedReads } from '../store/shared-reads.ts';

export interface CommandDeps {
  store: CatalogStore;
  clock: Clock;
  ids: Ids;
  vendors: VendorDirectory;
  organizations: OrganizationDirectory;
  prices: ListedPrices;
  reads: SharedReads;
  published: PublishedIds;
  rateSource: RateSource;
  files: FileStore;
  pictures: PictureWork;
  signer: UrlSigner;
  log: Logger;
  /** Base of what the public sees, without a slash at the end. */
  publicUrl: string;
  defaultLanguage: string;
  defaultCurrency: string;
  /** Wakes what works by itself: there is something to do now, not at its next look. */
  nudge(work: 'imports' | 'categories' | 'prices'): void;
}

/** What rows of a feed are planned and written with. */
export type ImportDeps = Pick<CommandDeps, 'store' | 'clock' | 'ids' | 'publicUrl'>;

export interface Work {
  transaction: MongoTransaction;
  /** Remembers events; they are written at the end of this very transaction. */
  tell(...events: (NewEvent | EventText)[]): void;
}

/** Load, decide, save and outbox in one transaction; `work` may run more than once. */
export async function inCommand<T>(
  deps: CommandDeps,
  { trace }: { trace?: string },
  work: (work: Work) => Promise<T>,
): Promise<T> {
  return inCatalogTransaction(deps.store, async (transaction) => {
    const events: (NewEvent | EventText)[] = [];
    const value = await work({ transaction, tell: (...told) => events.push(...told) });
    await appendToMongoOutbox(transaction, events, { ids: deps.ids, now: deps.clock.now(), trace });
    return value;
  });
}
