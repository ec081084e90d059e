import { LockMode } from '@mikro-orm/core';
import { money } from '@marketgraph/platform/core';
import { type EntityManager, plainRows } from '@marketgraph/platform/postgres';
import type { CommissionRule } from '../domain/commission.ts';
import { CommissionRuleRow } from './settlement.entity.ts';

/** An operator writes rules by hand; a list past this is a mistake somewhere. */
export const MAX_RULES = 1_000;

/** Those that can matter to these sales: the vendors' own, the categories', and the ones for everybody. */
export async function rulesFor(
  em: EntityManager,
  { vendorIds, categoryIds }: { vendorIds: readonly string[]; categoryIds: readonly string[] },
): Promise<CommissionRule[]> {
  const rows = await em.execute<Record<string, unknown>[]>(
    `select * from commission_rule
      where (vendor_id is null or vendor_id in (select value from jsonb_array_elements_text(?::jsonb) as value))
        and (category_id is null or category_id in (select value from jsonb_array_elements_text(?::jsonb) as value))
      limit ${MAX_RULES}`,
    [JSON.stringify(vendorIds), JSON.stringify(categoryIds)],
  );
  return plainRows(em, CommissionRuleRow, rows).map(toRule);
}

export async function listRules(em: EntityManager, vendorId: string | null): Promise<CommissionRuleRow[]> {
  return em.find(CommissionRuleRow, vendorId ? { vendorId } : {}, {
    orderBy: { priority: 'desc', id: 'asc' },
    limit: MAX_RULES,
  });
}

export async function findRules(em: EntityManager, ids: readonly string[]): Promise<CommissionRuleRow[]> {
  return em.find(CommissionRuleRow, { id: { $in: [...ids] } });
}

export async function lockRule(em: EntityManager, id: string): Promise<CommissionRuleRow | null> {
  return em.findOne(CommissionRuleRow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

export async function countRules(em: EntityManager): Promise<number> {
  return em.count(CommissionRuleRow);
}

export function toRule(row: CommissionRuleRow): CommissionRule {
  return {
    id: row.id,
    rate: row.rate,
    fixed: row.fixedAmount != null && row.fixedCurrency ? money(row.fixedAmount, row.fixedCurrency) : null,
    vendorId: row.vendorId ?? null,
    categoryId: row.categoryId ?? null,
    priority: row.priority,
    validFrom: row.validFrom ?? null,
    validUntil: row.validUntil ?? null,
  };
}
