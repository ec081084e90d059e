import { MAX_REPORTS_A_DAY, type Report } from '../domain/moderation-case.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface ReportDocument extends Omit<Report, 'id'> {
  _id: string;
  /** While its case is. */
  isOpen: boolean;
}

export interface ReportQuotaDocument {
  _id: string;
  count: number;
  createdAt: Date;
}

/** Of a case, newest first. Who wants more of them has seen enough. */
export const REPORTS_SHOWN = 20;

function toReport({ _id, isOpen: _open, ...report }: ReportDocument): Report {
  return { id: _id, ...report };
}

/** Index `oneOpen`. */
export async function findOpenReport(
  store: CatalogStore,
  { productId, userId }: Pick<Report, 'productId' | 'userId'>,
  session: Session,
): Promise<Report | null> {
  const document = await store.reports.findOne({ productId, userId, isOpen: true }, { session });
  return document && toReport(document);
}

/** Concurrency: two at once of one person for one product collide on the unique index `oneOpen`. */
export async function insertReport(store: CatalogStore, { id, ...report }: Report, session: Session): Promise<void> {
  await store.reports.insertOne({ _id: id, ...report, isOpen: true }, { session });
}

/**
 * Counts one more report of somebody's day; false when there were enough.
 * Concurrency: all of a person's reports write one document, so that twenty at
 * once are counted one after another.
 */
export async function takeReportQuota(
  store: CatalogStore,
  { userId, now }: { userId: string; now: Date },
  session: Session,
): Promise<boolean> {
  const _id = `${userId} ${now.toISOString().slice(0, 10)}`;
  const quota = await store.reportQuotas.findOne({ _id }, { session });
  if ((quota?.count ?? 0) >= MAX_REPORTS_A_DAY) return false;
  await store.reportQuotas.updateOne(
    { _id },
    { $inc: { count: 1 }, $setOnInsert: { createdAt: now } },
    { session, upsert: true },
  );
  return true;
}

/** Index `byCase`. Whoever was heard may report again. */
export async function closeReports(store: CatalogStore, caseId: string, session: Session): Promise<void> {
  await store.reports.updateMany({ caseId, isOpen: true }, { $set: { isOpen: false } }, { session });
}

/** Index `byCase`. The newest of each case, in one call. */
export async function newestReportsOfCases(
  store: CatalogStore,
  caseIds: readonly string[],
): Promise<Map<string, Report[]>> {
  const found = await store.cases
    .aggregate<{ _id: string; page: ReportDocument[] }>([
      { $match: { _id: { $in: [...caseIds] } } },
      {
        $lookup: {
          from: 'reports',
          localField: '_id',
          foreignField: 'caseId',
          pipeline: [{ $sort: { _id: -1 } }, { $limit: REPORTS_SHOWN }],
          as: 'page',
        },
      },
      { $project: { page: 1 } },
    ])
    .toArray();
  return new Map(found.map(({ _id, page }) => [_id, page.map(toReport)]));
}
