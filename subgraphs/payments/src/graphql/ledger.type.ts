import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { DateTime } from '@marketgraph/platform/graphql';
import type { LedgerAccountRow } from '../store/ledger.entity.ts';
import type { EntryRow } from '../store/ledger.ts';
import { Money, Node, PageInfo } from './shared.type.ts';

export enum LedgerAccountKind {
  PLATFORM_CASH = 'PLATFORM_CASH',
  BUYER_FUNDS_HELD = 'BUYER_FUNDS_HELD',
  VENDOR_PAYABLE = 'VENDOR_PAYABLE',
  PLATFORM_REVENUE = 'PLATFORM_REVENUE',
  TAX_PAYABLE = 'TAX_PAYABLE',
  REFUNDS = 'REFUNDS',
  CHARGEBACKS = 'CHARGEBACKS',
  FEES = 'FEES',
}
registerEnumType(LedgerAccountKind, {
  name: 'LedgerAccountKind',
  description: 'What an account of the books is for.',
  valuesConfig: {
    PLATFORM_CASH: { description: "The platform's balance at the provider." },
    BUYER_FUNDS_HELD: { description: 'Captured and held until return windows end.' },
    VENDOR_PAYABLE: { description: 'Owed to a vendor; one account per vendor.' },
    PLATFORM_REVENUE: { description: 'Commission earned.' },
    TAX_PAYABLE: { description: 'Tax owed on commission.' },
    REFUNDS: { description: 'Refunded after a vendor was paid, owed by that vendor.' },
    CHARGEBACKS: { description: 'Taken back by banks.' },
    FEES: { description: 'Kept by the provider.' },
  },
});

export enum LedgerDirection {
  DEBIT = 'DEBIT',
  CREDIT = 'CREDIT',
}
registerEnumType(LedgerDirection, {
  name: 'LedgerDirection',
  description: 'The side of an entry.',
  valuesConfig: {
    DEBIT: { description: 'More of what we own or spend.' },
    CREDIT: { description: 'More of what we owe or earn.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'An account of the double-entry books. Read by operators.' })
export class LedgerAccount extends Node {
  @Field(() => LedgerAccountKind, { description: 'What it is for.' })
  kind!: LedgerAccountKind;

  @Field(() => Money, { description: 'The sum of its entries, on the side where it grows.' })
  balance!: Money;
}

@ObjectType({ description: 'One line of a journal; never changed.' })
export class LedgerEntry {
  @Field(() => ID, { description: 'The entry.' })
  id!: string;

  @Field(() => ID, { description: 'The journal it belongs to; the entries of one journal sum to zero.' })
  transactionId!: string;

  @Field(() => LedgerDirection, { description: 'Its side.' })
  direction!: LedgerDirection;

  @Field(() => Money, { description: 'How much.' })
  amount!: Money;

  @Field(() => DateTime, { description: 'When it was booked.' })
  at!: Date;

  @Field(() => String, { nullable: true, description: 'What it is.' })
  memo!: string | null;
}

@ObjectType({ description: 'An entry and where it stands.' })
export class LedgerEntryEdge {
  @Field(() => String, { description: 'Pass as `after` to go on behind it.' })
  cursor!: string;

  @Field(() => LedgerEntry, { description: 'The entry.' })
  node!: LedgerEntry;
}

@ObjectType({ description: 'Entries of an account, newest first.' })
export class LedgerEntryConnection {
  @Field(() => [LedgerEntryEdge], { description: 'This page.' })
  edges!: LedgerEntryEdge[];

  @Field(() => PageInfo, { description: 'Where it begins and ends.' })
  pageInfo!: PageInfo;
}

export function toAccountType(row: LedgerAccountRow): LedgerAccount {
  return {
    id: row.id,
    kind: LedgerAccountKind[row.kind],
    balance: { amount: row.balance, currencyCode: row.currency },
  };
}

export function toEntryType(row: EntryRow): LedgerEntry {
  return {
    id: row.id,
    transactionId: row.journalId,
    direction: LedgerDirection[row.direction],
    amount: { amount: row.amount, currencyCode: row.currency },
    at: row.at,
    memo: row.memo,
  };
}
