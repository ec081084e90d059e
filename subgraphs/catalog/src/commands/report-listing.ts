import assert from 'node:assert';
import { accept } from '@marketgraph/platform/core';
import {
  addReport,
  MAX_NOTE,
  MAX_REPORTS_A_DAY,
  openCase,
  type Report,
  type ReportReason,
} from '../domain/moderation-case.ts';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { checkedText } from '../domain/text.ts';
import { findOpenCase, saveCase } from '../store/cases.ts';
import { findProduct } from '../store/products.ts';
import { findOpenReport, insertReport, takeReportQuota } from '../store/reports.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

export interface ReportListing {
  reporter: { userId: string; trace?: string };
  productId: string;
  reason: ReportReason;
  note?: string | null;
}

/**
 * A buyer complains of a product: it is put before a moderator, and stays in
 * the shop until one decides. As long as nobody has, the same person's report
 * of the same product is that report, whatever it says the second time.
 */
export async function reportListing(
  deps: CommandDeps,
  { reporter, productId, reason, note }: ReportListing,
): Promise<Outcome<Report>> {
  const { store, ids, clock } = deps;
  const { userId } = reporter;
  const text = checkedText(note ?? '', { max: MAX_NOTE, min: 0, field: ['note'], what: 'The note' });
  if (!text.ok) return text;
  return inCommand<Outcome<Report>>(deps, reporter, async ({ transaction: { session } }) => {
    const product = await findProduct(store, productId, session);
    if (product?.status !== 'PUBLISHED') return refuse('NOT_FOUND', 'No such product.', ['productId']);
    const earlier = await findOpenReport(store, { productId, userId }, session);
    if (earlier) return accept(earlier);
    const now = clock.now();
    if (!(await takeReportQuota(store, { userId, now }, session))) {
      return refuse(
        'RATE_LIMITED',
        `You have reported ${MAX_REPORTS_A_DAY} listings today. Thank you; go on tomorrow.`,
      );
    }
    const about = { subject: 'PRODUCT', subjectId: productId, vendorId: product.submittedBy } as const;
    const open = (await findOpenCase(store, productId, session)) ?? openCase({ id: ids.next('cas'), ...about, now });
    assert(await saveCase(store, addReport(open, reason, now), session), 'a transaction sees the version it read');
    const report: Report = {
      id: ids.next('rep'),
      caseId: open.id,
      productId,
      userId,
      reason,
      note: text.value || null,
      createdAt: now,
    };
    await insertReport(store, report, session);
    return accept(report);
  });
}
