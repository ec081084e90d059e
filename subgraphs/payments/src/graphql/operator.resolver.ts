import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { CurrencyCode, hasRole, pageRequest, requireRole, toConnection } from '@marketgraph/platform/graphql';
import { upsertCommissionRule } from '../commands/upsert-commission-rule.ts';
import { listRules } from '../store/commission-rules.ts';
import { entriesOf, findPlatformAccounts } from '../store/ledger.ts';
import { LedgerAccount, LedgerEntryConnection, toAccountType, toEntryType } from './ledger.type.ts';
import { CommissionRuleInput, CommissionRulePayload } from './payment.input.ts';
import type { PaymentsContext } from './payments-context.ts';
import { CommissionRule, toRuleType } from './settlement.type.ts';
import { toUserErrors } from './user-errors.ts';

@ArgsType()
class PageArgs {
  @Field(() => Int, { nullable: true, defaultValue: 50, description: 'How many, at most 100.' })
  first!: number;

  @Field(() => String, { nullable: true, description: 'Cursor of the last one of the page before.' })
  after?: string | null;
}

@Resolver(() => LedgerAccount)
export class LedgerResolver {
  @Query(() => LedgerAccount, {
    nullable: true,
    description: 'An account of the books. Null for anybody but operators.',
  })
  ledgerAccount(@Arg('id', () => ID, { description: 'The account.' }) id: string, @Ctx() context: PaymentsContext) {
    return readableAccount(id, context);
  }

  @Query(() => [LedgerAccount], {
    description: "The platform's own accounts in one currency, at most one of each kind. For operators.",
  })
  async ledgerAccounts(
    @Arg('currencyCode', () => CurrencyCode, { description: 'The currency of the accounts.' }) currencyCode: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<LedgerAccount[]> {
    requireRole(viewer, 'OPERATOR');
    return (await findPlatformAccounts(deps.orm.em.fork(), currencyCode)).map(toAccountType);
  }

  @FieldResolver(() => LedgerEntryConnection, { description: 'Its entries, newest first.' })
  async entries(
    @Root() account: LedgerAccount,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { deps }: PaymentsContext,
  ): Promise<LedgerEntryConnection> {
    const page = pageRequest(args, { arity: 1 });
    const rows = await entriesOf(deps.orm.em.fork(), account.id, page);
    return toConnection(rows, page, { key: (row) => [row.position], node: toEntryType });
  }
}

@Resolver()
export class CommissionResolver {
  @Query(() => [CommissionRule], { description: 'Rules of commission, the highest priority first. For operators.' })
  async commissionRules(
    @Arg('vendorId', () => ID, { nullable: true, description: "Only this vendor's own." }) vendorId:
      | string
      | null
      | undefined,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<CommissionRule[]> {
    requireRole(viewer, 'OPERATOR');
    return (await listRules(deps.orm.em.fork(), vendorId ?? null)).map(toRuleType);
  }

  @Mutation(() => CommissionRulePayload, {
    description: 'Adds a rule or replaces one. Settlements made before keep what they were made with. For operators.',
  })
  async commissionRuleUpsert(
    @Arg('input', () => CommissionRuleInput, { description: 'The rule.' }) input: CommissionRuleInput,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<CommissionRulePayload> {
    requireRole(viewer, 'OPERATOR');
    const result = await upsertCommissionRule(deps, {
      id: input.id ?? null,
      name: input.name,
      rate: input.rate,
      fixed: input.fixed ?? null,
      vendorId: input.vendorId ?? null,
      categoryId: input.categoryId ?? null,
      priority: input.priority,
    });
    return result.ok
      ? { rule: toRuleType(result.value), userErrors: [] }
      : { rule: null, userErrors: toUserErrors(result.rejection) };
  }
}

export async function readableAccount(id: string, { viewer, loaders }: PaymentsContext): Promise<LedgerAccount | null> {
  if (!hasRole(viewer, 'OPERATOR')) return null;
  const row = await loaders.ledgerAccount.load(id);
  return row && toAccountType(row);
}

export async function readableRule(id: string, { viewer, loaders }: PaymentsContext): Promise<CommissionRule | null> {
  if (!hasRole(viewer, 'OPERATOR')) return null;
  const row = await loaders.commissionRule.load(id);
  return row && toRuleType(row);
}
