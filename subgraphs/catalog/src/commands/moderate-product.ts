import { type Outcome, refuse } from '../domain/outcome.ts';
import { moveProduct, type ProductState } from '../domain/product.ts';
import { checkedText } from '../domain/text.ts';
import { changeProduct } from './change-product.ts';
import type { CommandDeps } from './command-deps.ts';

export interface ModerateProduct {
  moderator: { userId: string; trace?: string };
  id: string;
  decision: 'APPROVE' | 'REJECT' | 'REQUEST_CHANGES';
  reason?: string | null;
}

const MAX_REASON = 1_000;

/** The caller has made sure that a moderator asks. Whoever is refused is owed a reason. */
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
  return changeProduct(deps, { id, trace: moderator.trace }, (product, { now }) =>
    product
      ? moveProduct(product, decision, { now, moderation: { by: moderator.userId, reason: reason.value || null } })
      : refuse('NOT_FOUND', 'No such product.', ['id']),
  );
}
