import { accept } from '@marketgraph/platform/core';
import type { ImportError } from '../../domain/catalog-import.ts';
import { isKnownCurrency } from '../../domain/currency.ts';
import { type Outcome, refuse } from '../../domain/outcome.ts';
import { type Actor, checkActsFor } from '../../domain/ownership.ts';
import { checkSeller } from '../check-seller.ts';
import { type CommandDeps, inCommand } from '../command-deps.ts';
import { planBatch, type RowResult } from './plan-batch.ts';
import { prepareRow } from './prepare-rows.ts';
import { writePlan } from './write-plan.ts';

export const MAX_SYNC_ROWS = 100;
const MAX_ROW_LENGTH = 64 * 1024;

/** What became of one row, in the order they came. */
export type SyncedRow = { sku: string; result: RowResult } | ImportError;

/**
 * Takes over rows as their source changes them, each as a line of a feed would
 * be, all in one transaction. A row that comes twice, late or again after a
 * lost answer does no harm: what it says is compared with what is there, and
 * an older `sourceVersion` changes nothing.
 */
export async function syncRows(
  deps: CommandDeps,
  command: {
    actor: Actor;
    vendorId: string;
    rows: readonly unknown[];
    currencyCode?: string | null;
    language?: string | null;
  },
): Promise<Outcome<SyncedRow[]>> {
  const { actor, vendorId, rows } = command;
  const acts = checkActsFor(actor, vendorId);
  if (!acts.ok) return acts;
  if (rows.length === 0 || rows.length > MAX_SYNC_ROWS) {
    return refuse('INVALID', `Between 1 and ${MAX_SYNC_ROWS} rows at a time.`, ['rows']);
  }
  const currencyCode = command.currencyCode ?? deps.defaultCurrency;
  if (!isKnownCurrency(currencyCode)) return refuse('INVALID', `${currencyCode} is not a currency.`, ['currencyCode']);
  const seller = await checkSeller(deps, vendorId);
  if (!seller.ok) return seller;
  const language = command.language ?? deps.defaultLanguage;
  const prepared = rows.map((record, line) =>
    prepareRow(isTooLong(record) ? { line, problem: 'The row is too long.' } : { line, record }, {
      currencyCode,
      language,
    }),
  );
  const origin = { id: deps.ids.next('syn'), vendorId, language };
  return inCommand<Outcome<SyncedRow[]>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const plan = await planBatch(deps, origin, prepared, { session });
    tell(...(await writePlan(deps, plan, session)));
    const errors = new Map(plan.errors.map((error) => [error.line, error]));
    return accept(rows.map((_, line) => plan.results.get(line) ?? errors.get(line)!));
  });
}

function isTooLong(record: unknown): boolean {
  return JSON.stringify(record).length > MAX_ROW_LENGTH;
}
