import { accept, type Money, reject, type Result, withoutCardNumbers } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { countRules, lockRule, MAX_RULES } from '../store/commission-rules.ts';
import { CommissionRuleRow } from '../store/settlement.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';

export interface UpsertCommissionRule {
  id: string | null;
  name: string;
  rate: number;
  fixed: Money | null;
  vendorId: string | null;
  categoryId: string | null;
  priority: number;
}

const MAX_NAME_LENGTH = 200;
const MAX_PRIORITY = 1_000_000;

/** Settlements keep what they were made with: a rule changed here matters to the next one only. */
export async function upsertCommissionRule(
  deps: PaymentsDeps,
  input: UpsertCommissionRule,
): Promise<Result<CommissionRuleRow>> {
  const { id, name, rate, fixed, vendorId, categoryId, priority } = input;
  if (name.trim() === '' || name.length > MAX_NAME_LENGTH) {
    return reject('INVALID', `A name has from 1 to ${MAX_NAME_LENGTH} characters.`, { field: ['name'] });
  }
  if (fixed && fixed.amount < 0) return reject('INVALID', 'A fixed part is not negative.', { field: ['fixed'] });
  if (Math.abs(priority) > MAX_PRIORITY) {
    return reject('INVALID', `A priority is within ±${MAX_PRIORITY}.`, { field: ['priority'] });
  }
  return inTransaction(deps.orm, async (em) => {
    const now = deps.clock.now();
    const facts = {
      name: withoutCardNumbers(name.trim()),
      rate,
      fixedAmount: fixed?.amount ?? null,
      fixedCurrency: fixed?.currencyCode ?? null,
      vendorId,
      categoryId,
      priority,
      updatedAt: now,
    };
    if (id === null) {
      if ((await countRules(em)) >= MAX_RULES) return reject('LIMIT_EXCEEDED', `There are ${MAX_RULES} rules already.`);
      const created = em.create(CommissionRuleRow, { id: deps.ids.next('cmr'), ...facts, version: 1, createdAt: now });
      await em.flush();
      return accept(created);
    }
    const row = await lockRule(em, id);
    if (!row) return reject('NOT_FOUND', 'No such rule.', { field: ['id'] });
    Object.assign(row, facts);
    row.version += 1;
    await em.flush();
    return accept(row);
  });
}
