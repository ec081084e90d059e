import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barChanges, contribution, type Histogram, noRatings, summarize } from './rating.ts';
import { cleanText, moderate, type ModerationDecision, needsModerator, type ReviewStatus } from './review.ts';

const text = (body: string) => ({ rating: 4, title: null, body });

describe('a review text', () => {
  it('is kept as inert text without what cannot be seen', () => {
    const result = cleanText({ rating: 5, title: 'Go\u200Bod\u202E', body: ' <b>fine</b>\u0000\nreally ' });
    expect(result).toEqual({ ok: true, value: { rating: 5, title: 'Good', body: '<b>fine</b>\nreally' } });
  });

  it.each([0, 6, 2.5, Number.NaN])('is refused with a rating of %d', (rating) => {
    expect(cleanText({ rating, title: null, body: null })).toMatchObject({
      rejection: { code: 'INVALID', field: ['rating'] },
    });
  });

  it('is refused when it is too long', () => {
    expect(cleanText(text('x '.repeat(3_000)))).toMatchObject({ rejection: { field: ['body'] } });
  });

  it.each([
    'see https://x.example',
    'write to me@x.example',
    'call 0170 123 45 67',
    'aaaaaaaaaaaaaaa',
    'THIS IS SHOUTED AT EVERYBODY WHO READS THE PAGE',
  ])('waits for a moderator: %s', (body) => expect(needsModerator(text(body))).toBe(true));

  it('is published at once when it is plain', () => {
    expect(needsModerator(text('Does what it should. Bought 2 of them in 2026.'))).toBe(false);
  });
});

describe('moderation', () => {
  const table: [ReviewStatus, ModerationDecision, string][] = [
    ['PENDING', 'PUBLISH', 'PUBLISHED'],
    ['PENDING', 'REJECT', 'REJECTED'],
    ['PENDING', 'REMOVE', 'REMOVED'],
    ['PUBLISHED', 'PUBLISH', 'PUBLISHED'],
    ['PUBLISHED', 'REJECT', 'REJECTED'],
    ['PUBLISHED', 'REMOVE', 'REMOVED'],
    ['REJECTED', 'PUBLISH', 'PUBLISHED'],
    ['REJECTED', 'REJECT', 'REJECTED'],
    ['REJECTED', 'REMOVE', 'REMOVED'],
    ['REMOVED', 'PUBLISH', 'ILLEGAL_TRANSITION'],
    ['REMOVED', 'REJECT', 'ILLEGAL_TRANSITION'],
    ['REMOVED', 'REMOVE', 'REMOVED'],
  ];
  it.each(table)('%s, %s: %s', (status, decision, expected) => {
    const result = moderate(status, decision);
    expect(result.ok ? result.value : result.rejection.code).toBe(expected);
  });
});

describe('a rating', () => {
  it('follows from its histogram', () => {
    expect(summarize([1, 0, 0, 0, 2])).toEqual({ average: 3.67, count: 3, histogram: [1, 0, 0, 0, 2] });
    expect(summarize(noRatings)).toEqual({ average: 0, count: 0, histogram: noRatings });
  });

  it('kept by changes is the one counted anew', () => {
    const life = fc.array(
      fc.record({
        review: fc.nat(9),
        rating: fc.integer({ min: 1, max: 5 }),
        status: fc.constantFrom('PENDING', 'PUBLISHED', 'REMOVED'),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(life, (changes) => {
        const reviews = new Map<number, { status: string; rating: number }>();
        const kept = [0, 0, 0, 0, 0];
        for (const { review, rating, status } of changes) {
          const after = { rating, status };
          for (const [stars, by] of barChanges(contribution(reviews.get(review) ?? null), contribution(after)))
            kept[stars - 1]! += by;
          reviews.set(review, after);
        }
        const counted = [0, 0, 0, 0, 0];
        for (const { status, rating } of reviews.values()) if (status === 'PUBLISHED') counted[rating - 1]! += 1;
        expect(summarize(kept as unknown as Histogram)).toEqual(summarize(counted as unknown as Histogram));
      }),
    );
  });
});
