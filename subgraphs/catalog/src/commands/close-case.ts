import assert from 'node:assert';
import type { ClientSession } from 'mongodb';
import { type CaseDecision, type CaseState, closeCase } from '../domain/moderation-case.ts';
import { findOpenCase, saveCase } from '../store/cases.ts';
import type { CatalogStore } from '../store/catalog-store.ts';
import { closeReports } from '../store/reports.ts';

/** Ends the open case of a product or vendor, if there is one, in the transaction of what was decided. */
export async function closeCaseOf(
  store: CatalogStore,
  subjectId: string,
  verdict: { decision: CaseDecision; note?: string | null; by?: string; now: Date },
  session: ClientSession,
): Promise<CaseState | null> {
  const open = await findOpenCase(store, subjectId, session);
  if (!open) return null;
  const closed = closeCase(open, verdict);
  assert(await saveCase(store, closed, session), 'a transaction sees the version it read');
  await closeReports(store, open.id, session);
  return closed;
}
