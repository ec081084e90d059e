import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addReport,
  type CaseState,
  closeCase,
  type Flag,
  flagKinds,
  openCase,
  putFlags,
  reportCount,
  reportReasons,
  unansweredFlags,
} from './moderation-case.ts';

const now = new Date('2026-01-01T00:00:00Z');
const aCase = () => openCase({ id: 'cas_1', subject: 'PRODUCT', subjectId: 'prd_1', vendorId: 'ven_1', now });
const aFlag = (more: Partial<Flag> = {}): Flag => ({
  kind: 'PRICE_OUTLIER',
  score: 60,
  reason: 'Dear.',
  basis: '100',
  ...more,
});
const flags = fc.array(
  fc.record({
    kind: fc.constantFrom(...flagKinds),
    score: fc.integer({ min: 1, max: 99 }),
    reason: fc.string(),
    basis: fc.string(),
  }),
  { maxLength: 6 },
);

describe('a case', () => {
  it('counts reports by their reasons', () => {
    const state = (['FAKE', 'SPAM', 'FAKE'] as const).reduce<CaseState>(
      (open, reason) => addReport(open, reason, now),
      aCase(),
    );
    expect(state.reportCounts).toEqual([
      { reason: 'FAKE', count: 2 },
      { reason: 'SPAM', count: 1 },
    ]);
    expect(reportCount(state)).toBe(3);
    expect(state.version).toBe(3);
  });

  it('is looked at the sooner the more speaks against its subject, and never scores outside 0 to 100', () => {
    fc.assert(
      fc.property(flags, fc.array(fc.constantFrom(...reportReasons), { maxLength: 30 }), (found, reasons) => {
        let state = found.length > 0 ? putFlags(aCase(), found, now) : aCase();
        for (const reason of reasons) {
          const next = addReport(state, reason, now);
          expect(next.score).toBeGreaterThanOrEqual(state.score);
          state = next;
        }
        expect(state.score).toBeGreaterThanOrEqual(0);
        expect(state.score).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('ends by itself when what looked wrong was mended, unless somebody has complained', () => {
    const flagged = putFlags(aCase(), [aFlag()], now);
    expect(putFlags(flagged, [], now)).toMatchObject({ isOpen: false, decision: 'CLEARED' });
    expect(putFlags(addReport(flagged, 'FAKE', now), [], now)).toMatchObject({ isOpen: true, decision: null });
  });

  it('does not ask a moderator the same question twice, but a new one', () => {
    const dismissed = closeCase(putFlags(aCase(), [aFlag()], now), { decision: 'DISMISSED', by: 'usr_1', now });
    expect(unansweredFlags([aFlag({ reason: 'Other words.' })], dismissed)).toEqual([]);
    const dearer = aFlag({ basis: '1000' });
    expect(unansweredFlags([dearer, aFlag()], dismissed)).toEqual([dearer]);
    const cleared = putFlags(putFlags(aCase(), [aFlag()], now), [], now);
    expect(unansweredFlags([aFlag()], cleared)).toEqual([aFlag()]);
    expect(unansweredFlags([aFlag()], null)).toEqual([aFlag()]);
  });
});
