import { type Outcome, refuse } from '../domain/outcome.ts';
import { moveProduct, type ProductState } from '../domain/product.ts';
import { checkedText } from '../domain/text.ts';
import { changeProduct } from './change-product.ts';
import { productModerated } from '../events/out.ts';
import { closeCaseOf } from './close-case.ts';
import type { CommandDeps, Work } from './command-deps.ts';

export interface ModerateProduct {
  moderator: { userId: string; trace?: string };
  id: string;
  decision: 'APPROVE' | 'REJECT' | 'REQUEST_CHANGES';
  reason?: string | null;
}

const MAX_REASON = 1_000;
const caseDecisions = { APPROVE: 'APPROVED', REJECT: 'REJECTED', REQUEST_CHANGES: 'CHANGES_REQUESTED' } as const;

/**
 * The caller has made sure that a moderator asks. Whoever is refused is owed a
 * reason. The vendor is told, and what was open about the product is decided.
 */
export async function moderateProduct(deps: CommandDeps, command: ModerateProduct): Promise<Outcome<ProductState>> {
  const { moderator, id, decision } = command;
  const isRefused = decision !== 'APPROVE';
  const reason = checkedText(command.reason ?? '', {
    max: MAX_REASON,
    min: isRefused ? 1 : 0,
    field: ['reason'],
    what: 'The reason',
  });
  if (!reason.ok) return reason;
  const also = async (next: ProductState, { transaction: { session }, tell }: Work, now: Date) => {
    tell(productModerated(next));
    const note = reason.value || null;
    await closeCaseOf(deps.store, id, { decision: caseDecisions[decision], note, by: moderator.userId, now }, session);
  };
  return changeProduct(deps, { id, trace: moderator.trace, also }, (product, { now }) =>
    product
      ? moveProduct(product, decision, { now, moderation: { by: moderator.userId, reason: reason.value || null } })
      : refuse('NOT_FOUND', 'No such product.', ['id']),
  );
}
