export const reportReasons = ['SPAM', 'ABUSE', 'FAKE', 'COUNTERFEIT', 'OFF_TOPIC', 'OTHER'] as const;
export type ReportReason = (typeof reportReasons)[number];

export const caseDecisions = ['APPROVED', 'REJECTED', 'CHANGES_REQUESTED', 'ARCHIVED', 'DISMISSED', 'CLEARED'] as const;
export type CaseDecision = (typeof caseDecisions)[number];

export const flagKinds = [
  'PRICE_OUTLIER',
  'PRICE_ABOVE_OTHERS',
  'COPIED_TITLE',
  'CATEGORY_MISMATCH',
  'PRICE_CHURN',
  'PRICE_BURST',
] as const;
export type FlagKind = (typeof flagKinds)[number];

/** What looks wrong to the screening, in words for a moderator. */
export interface Flag {
  kind: FlagKind;
  /** 1 to 99: how sure it is. */
  score: number;
  reason: string;
  /** What it rests on. A moderator who has dismissed a flag does not see it again while it rests on the same. */
  basis: string;
}

export interface Report {
  id: string;
  caseId: string;
  productId: string;
  userId: string;
  reason: ReportReason;
  note: string | null;
  createdAt: Date;
}

/** Something a moderator is to look at: a product or a vendor, what looks wrong with it and who has complained. */
export interface CaseState {
  id: string;
  subject: 'PRODUCT' | 'VENDOR';
  subjectId: string;
  /** Whose product it is, or the vendor itself. */
  vendorId: string;
  flags: Flag[];
  reportCounts: { reason: ReportReason; count: number }[];
  /** 0 to 100; the queue is in this order. */
  score: number;
  isOpen: boolean;
  decision: CaseDecision | null;
  note: string | null;
  decidedBy: string | null;
  openedAt: Date;
  updatedAt: Date;
  closedAt: Date | null;
  version: number;
}

/** How sure one report makes; two that agree make surer, as two flags do. */
const REPORT_SCORE = 30;
export const MAX_NOTE = 1_000;
/** One person's reports of a day. More is a campaign or a program. */
export const MAX_REPORTS_A_DAY = 20;

export function openCase(
  facts: Pick<CaseState, 'id' | 'subject' | 'subjectId' | 'vendorId'> & { now: Date },
): CaseState {
  const { now, ...about } = facts;
  return {
    ...about,
    flags: [],
    reportCounts: [],
    score: 0,
    isOpen: true,
    decision: null,
    note: null,
    decidedBy: null,
    openedAt: now,
    updatedAt: now,
    closedAt: null,
    version: 0,
  };
}

export function addReport(state: CaseState, reason: ReportReason, now: Date): CaseState {
  const known = state.reportCounts.some((entry) => entry.reason === reason);
  const reportCounts = known
    ? state.reportCounts.map((entry) => (entry.reason === reason ? { reason, count: entry.count + 1 } : entry))
    : [...state.reportCounts, { reason, count: 1 }];
  return scored({ ...state, reportCounts }, now);
}

/** What the screening finds now takes the place of what it found before; a case without anything left is closed. */
export function putFlags(state: CaseState, flags: readonly Flag[], now: Date): CaseState {
  const next = scored({ ...state, flags: [...flags] }, now);
  return flags.length === 0 && reportCount(next) === 0 ? close(next, { decision: 'CLEARED', now }) : next;
}

export function closeCase(
  state: CaseState,
  verdict: { decision: CaseDecision; note?: string | null; by?: string; now: Date },
): CaseState {
  return close({ ...state, version: state.version + 1 }, verdict);
}

export function reportCount({ reportCounts }: Pick<CaseState, 'reportCounts'>): number {
  return reportCounts.reduce((sum, { count }) => sum + count, 0);
}

/** The flags a moderator has not answered already. Only what was looked at counts as answered, not what went away by itself. */
export function unansweredFlags(flags: readonly Flag[], last: CaseState | null): Flag[] {
  if (!last || last.isOpen || last.decision === 'CLEARED') return [...flags];
  const answered = new Set(last.flags.map(basisOf));
  return flags.filter((flag) => !answered.has(basisOf(flag)));
}

export function isSameFlags(a: readonly Flag[], b: readonly Flag[]): boolean {
  return JSON.stringify(a.map(basisOf)) === JSON.stringify(b.map(basisOf));
}

function basisOf({ kind, basis }: Flag): string {
  return `${kind} ${basis}`;
}

function close(
  state: CaseState,
  { decision, note = null, by, now }: { decision: CaseDecision; note?: string | null; by?: string; now: Date },
): CaseState {
  return { ...state, isOpen: false, decision, note, decidedBy: by ?? null, closedAt: now, updatedAt: now };
}

/** Independent signs add up as chances do: what is left to doubt is the product of their doubts. */
function scored(state: CaseState, now: Date): CaseState {
  const doubt = state.flags.reduce((left, { score }) => left * (1 - score / 100), 1);
  const withReports = doubt * (1 - REPORT_SCORE / 100) ** reportCount(state);
  return { ...state, score: Math.round(100 * (1 - withReports)), updatedAt: now, version: state.version + 1 };
}
