import { defineEntity, p } from '@mikro-orm/core';
import type { AccountKind, Direction } from '../domain/ledger.ts';

const LedgerAccountSchema = defineEntity({
  name: 'LedgerAccountRow',
  tableName: 'ledger_account',
  properties: {
    id: p.text().primary(),
    kind: p.text().$type<AccountKind>(),
    ownerId: p.text(),
    currency: p.text(),
    normalSide: p.text().$type<Direction>(),
    isNonNegative: p.boolean(),
    balance: p.bigint('number'),
    createdAt: p.datetime(),
  },
});
export class LedgerAccountRow extends LedgerAccountSchema.class {}
LedgerAccountSchema.setClass(LedgerAccountRow);
