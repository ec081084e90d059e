import { describe, expect, it } from 'vitest';
import {
  nextStatus,
  type ProductAction,
  productActions,
  type ProductStatus,
  productStatuses,
} from './product-status.ts';

/** Every pair that may happen; all the others may not. */
const legal: Record<string, ProductStatus> = {
  'DRAFT SUBMIT': 'PENDING_REVIEW',
  'DRAFT ARCHIVE': 'ARCHIVED',
  'PENDING_REVIEW APPROVE': 'PUBLISHED',
  'PENDING_REVIEW REJECT': 'REJECTED',
  'PENDING_REVIEW REQUEST_CHANGES': 'DRAFT',
  'PENDING_REVIEW ARCHIVE': 'ARCHIVED',
  'PUBLISHED REJECT': 'REJECTED',
  'PUBLISHED REQUEST_CHANGES': 'DRAFT',
  'PUBLISHED ARCHIVE': 'ARCHIVED',
  'REJECTED SUBMIT': 'PENDING_REVIEW',
  'REJECTED ARCHIVE': 'ARCHIVED',
};
const rows = productStatuses.flatMap((from) =>
  productActions.map((action): [ProductStatus, ProductAction, ProductStatus | undefined] => [
    from,
    action,
    legal[`${from} ${action}`],
  ]),
);

describe('the life of a product', () => {
  it.each(rows)('from %s by %s to %s', (from, action, to) => {
    const outcome = nextStatus(from, action);
    if (to) expect(outcome).toEqual({ ok: true, value: to });
    else expect(outcome).toMatchObject({ ok: false, rejection: [{ code: 'ILLEGAL_TRANSITION' }] });
  });

  it('is published by a moderator and by nobody else', () => {
    expect(rows.filter(([, , to]) => to === 'PUBLISHED').map(([, action]) => action)).toEqual(['APPROVE']);
  });
});
