import { accept, reject, type Result } from '@marketgraph/platform/core';

export type ReviewStatus = 'PENDING' | 'PUBLISHED' | 'REJECTED' | 'REMOVED';
export type ReviewTarget = 'PRODUCT' | 'VENDOR';
export type ModerationDecision = 'PUBLISH' | 'REJECT' | 'REMOVE';

export interface ReviewText {
  rating: number;
  title: string | null;
  body: string | null;
}

export const MAX_TITLE = 150;
export const MAX_BODY = 5_000;

/** What a moderator may do with a review, and what becomes of it. */
const DECISIONS: Readonly<Record<ReviewStatus, Partial<Record<ModerationDecision, ReviewStatus>>>> = {
  PENDING: { PUBLISH: 'PUBLISHED', REJECT: 'REJECTED', REMOVE: 'REMOVED' },
  PUBLISHED: { PUBLISH: 'PUBLISHED', REJECT: 'REJECTED', REMOVE: 'REMOVED' },
  REJECTED: { PUBLISH: 'PUBLISHED', REJECT: 'REJECTED', REMOVE: 'REMOVED' },
  REMOVED: { REMOVE: 'REMOVED' },
};

export function moderate(status: ReviewStatus, decision: ModerationDecision): Result<ReviewStatus> {
  const next = DECISIONS[status][decision];
  return next ? accept(next) : reject('ILLEGAL_TRANSITION', `A review that is ${status} cannot be changed any more.`);
}

/** Text as it is kept: no invisible characters, no control characters but line breaks, bounded. It is never markup. */
export function cleanText({ rating, title, body }: ReviewText): Result<ReviewText> {
  if (!Number.isInteger(rating) || rating < 1 || rating > 5) {
    return reject('INVALID', 'A rating is a whole number from 1 to 5.', { field: ['rating'] });
  }
  const [cleanTitle, cleanBody] = [visible(title), visible(body)];
  if (cleanTitle && cleanTitle.length > MAX_TITLE) {
    return reject('INVALID', `A title has at most ${MAX_TITLE} characters.`, { field: ['title'] });
  }
  if (cleanBody && cleanBody.length > MAX_BODY) {
    return reject('INVALID', `A review has at most ${MAX_BODY} characters.`, { field: ['body'] });
  }
  return accept({ rating, title: cleanTitle, body: cleanBody });
}

function visible(text: string | null): string | null {
  const clean = text
    ?.normalize('NFKC')
    // Control and format characters: zero-width letters, direction overrides, NUL. Line breaks stay.
    .replaceAll(/[^\P{C}\n]/gu, '')
    .trim();
  return clean ? clean : null;
}

/**
 * A verified purchase speaks for itself; a person looks first when the text
 * carries what reviews are abused for: links, addresses, shouting.
 */
export function needsModerator({ title, body }: ReviewText): boolean {
  const text = `${title ?? ''}\n${body ?? ''}`;
  if (/https?:|www\.|\b[\w.+-]+@[\w-]+\.[a-z]{2,}/i.test(text)) return true;
  if (/\b(?:\d[ -]?){9,}\b/.test(text)) return true;
  if (/(.)\1{9,}/u.test(text)) return true;
  const letters = text.replaceAll(/[^\p{L}]/gu, '');
  return letters.length >= 30 && letters === letters.toUpperCase();
}
