import { accept } from '@marketgraph/platform/core';
import { type Outcome, refuse } from './outcome.ts';

export const productStatuses = ['DRAFT', 'PENDING_REVIEW', 'PUBLISHED', 'REJECTED', 'ARCHIVED'] as const;
export type ProductStatus = (typeof productStatuses)[number];

export const productActions = ['SUBMIT', 'APPROVE', 'REJECT', 'REQUEST_CHANGES', 'ARCHIVE'] as const;
export type ProductAction = (typeof productActions)[number];

/** The whole life of a product. What is not in here cannot happen; ARCHIVED is the end. */
export const productLife: Readonly<Record<ProductStatus, Partial<Record<ProductAction, ProductStatus>>>> = {
  DRAFT: { SUBMIT: 'PENDING_REVIEW', ARCHIVE: 'ARCHIVED' },
  PENDING_REVIEW: { APPROVE: 'PUBLISHED', REJECT: 'REJECTED', REQUEST_CHANGES: 'DRAFT', ARCHIVE: 'ARCHIVED' },
  PUBLISHED: { REJECT: 'REJECTED', REQUEST_CHANGES: 'DRAFT', ARCHIVE: 'ARCHIVED' },
  REJECTED: { SUBMIT: 'PENDING_REVIEW', ARCHIVE: 'ARCHIVED' },
  ARCHIVED: {},
};

export function nextStatus(from: ProductStatus, action: ProductAction): Outcome<ProductStatus> {
  const to = productLife[from][action];
  if (to) return accept(to);
  const said = action.toLowerCase().replaceAll('_', ' ');
  return refuse('ILLEGAL_TRANSITION', `A product that is ${from} does not allow "${said}".`, ['id']);
}
