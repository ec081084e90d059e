import { accept } from '@marketgraph/platform/core';
import { importContentTypes, type ImportFormat, type ImportState } from '../../domain/catalog-import.ts';
import { isKnownCurrency } from '../../domain/currency.ts';
import { type Outcome, refuse } from '../../domain/outcome.ts';
import { type Actor, checkActsFor } from '../../domain/ownership.ts';
import { importProgressed } from '../../events/out.ts';
import { countOpenImports, findOpenImport, insertImport } from '../../store/imports.ts';
import { findUpload } from '../../store/uploads.ts';
import { checkSeller } from '../check-seller.ts';
import { type CommandDeps, inCommand } from '../command-deps.ts';

export interface StartImport {
  actor: Actor;
  vendorId: string;
  uploadId: string;
  format: ImportFormat;
  /** For rows that name none. */
  currencyCode?: string | null;
  /** Of the words in the feed. */
  language?: string | null;
}

/** Imports of one vendor that wait or run; they run one after another anyway. */
const MAX_OPEN_IMPORTS = 20;

/** Queues a feed. The same upload again while it waits or runs is the same import. */
export async function startImport(deps: CommandDeps, command: StartImport): Promise<Outcome<ImportState>> {
  const { actor, vendorId, uploadId, format } = command;
  const acts = checkActsFor(actor, vendorId);
  if (!acts.ok) return acts;
  const seller = await checkSeller(deps, vendorId);
  if (!seller.ok) return seller;
  const upload = await findUpload(deps.store, uploadId);
  if (!upload || upload.ownerId !== actor.userId) return refuse('NOT_FOUND', 'No such upload.', ['uploadId']);
  if (upload.status !== 'STORED') return refuse('INVALID', 'The bytes of this upload have not arrived.', ['uploadId']);
  if (upload.contentType !== importContentTypes[format]) {
    return refuse('INVALID', `The upload is ${upload.contentType}; ${format} is ${importContentTypes[format]}.`, [
      'format',
    ]);
  }
  const currencyCode = command.currencyCode ?? deps.defaultCurrency;
  if (!isKnownCurrency(currencyCode)) return refuse('INVALID', `${currencyCode} is not a currency.`, ['currencyCode']);
  const outcome = await inCommand<Outcome<ImportState>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const open = await findOpenImport(deps.store, uploadId, session);
    if (open) {
      return open.vendorId === vendorId
        ? accept(open)
        : refuse('CONFLICT', 'This upload is being imported for another vendor.', ['uploadId']);
    }
    if ((await countOpenImports(deps.store, vendorId, session)) >= MAX_OPEN_IMPORTS) {
      return refuse('LIMIT_EXCEEDED', `${MAX_OPEN_IMPORTS} imports of this vendor are waiting already.`);
    }
    const state: ImportState = {
      id: deps.ids.next('imp'),
      vendorId,
      uploadId,
      format,
      currencyCode,
      language: command.language ?? deps.defaultLanguage,
      status: 'RECEIVED',
      line: 0,
      processed: 0,
      failed: 0,
      created: 0,
      updated: 0,
      unchanged: 0,
      stale: 0,
      failureReason: null,
      startedBy: actor.userId,
      createdAt: deps.clock.now(),
      finishedAt: null,
      version: 1,
    };
    await insertImport(deps.store, state, session);
    tell(importProgressed(state));
    return accept(state);
  });
  if (outcome.ok) deps.nudge('imports');
  return outcome;
}
