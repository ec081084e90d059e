import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { IdempotencyKey, pageRequest, requireRole, toConnection } from '@marketgraph/platform/graphql';
import { releasePayout } from '../commands/release-payout.ts';
import { payoutsOf } from '../store/payouts.ts';
import { mayReadMoneyOf } from './access.ts';
import { Vendor } from './extensions.type.ts';
import type { PaymentsContext } from './payments-context.ts';
import { Payout, PayoutConnection, PayoutPayload, PayoutReleaseInput, toPayoutType } from './payout.type.ts';
import { toSettlementType, VendorSettlement } from './settlement.type.ts';
import { toUserErrors } from './user-errors.ts';

@ArgsType()
class PageArgs {
  @Field(() => Int, { nullable: true, defaultValue: 20, description: 'How many, at most 100.' })
  first!: number;

  @Field(() => String, { nullable: true, description: 'Cursor of the last one of the page before.' })
  after?: string | null;
}

@Resolver(() => Payout)
export class PayoutResolver {
  @Query(() => Payout, { nullable: true, description: "A payout of a vendor's own, or any for operators." })
  payout(@Arg('id', () => ID, { description: 'The payout.' }) id: string, @Ctx() context: PaymentsContext) {
    return readablePayout(id, context);
  }

  @FieldResolver(() => [VendorSettlement], { description: 'What it is made of, at most 50.' })
  async settlements(@Root() payout: Payout, @Ctx() { loaders }: PaymentsContext): Promise<VendorSettlement[]> {
    return (await loaders.settlementsOfPayout.load(payout.id)).map(toSettlementType);
  }

  @Mutation(() => PayoutPayload, {
    description:
      'Pays a vendor now, or tries a payout again that was given up. Never before the return window has ended. For operators.',
  })
  async payoutRelease(
    @Arg('input', () => PayoutReleaseInput, { description: 'Whose settlements.' }) input: PayoutReleaseInput,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      description: 'The same key and input give the same payout for 24 hours.',
    })
    idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PayoutPayload> {
    const { userId } = requireRole(viewer, 'OPERATOR');
    const command = { vendorId: input.vendorId, settlementIds: input.settlementIds ?? null };
    const result = await releasePayout(deps, { principal: userId, idempotencyKey }, command);
    return result.ok
      ? { payout: toPayoutType(result.value), userErrors: [] }
      : { payout: null, userErrors: toUserErrors(result.rejection) };
  }
}

@Resolver(() => VendorSettlement)
export class SettlementPayoutResolver {
  @FieldResolver(() => Payout, { nullable: true, description: 'What it was paid with, once that has begun.' })
  async payout(@Root() settlement: VendorSettlement, @Ctx() { loaders }: PaymentsContext): Promise<Payout | null> {
    const row = settlement.payoutId ? await loaders.payout.load(settlement.payoutId) : null;
    return row && toPayoutType(row);
  }
}

@Resolver(() => Vendor)
export class VendorPayoutsResolver {
  @FieldResolver(() => PayoutConnection, {
    nullable: true,
    description: "The vendor's payouts, newest first. Null for everybody else.",
  })
  async payouts(
    @Root() vendor: Vendor,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PayoutConnection | null> {
    if (!mayReadMoneyOf(viewer, vendor.id)) return null;
    const page = pageRequest(args, { arity: 1 });
    const rows = await payoutsOf(deps.orm.em.fork(), vendor.id, page);
    return toConnection(rows, page, { key: (row) => [row.id], node: toPayoutType });
  }
}

/** Missing and forbidden are the same: null. */
export async function readablePayout(id: string, { loaders, viewer }: PaymentsContext): Promise<Payout | null> {
  const row = await loaders.payout.load(id);
  return row && mayReadMoneyOf(viewer, row.vendorId) ? toPayoutType(row) : null;
}
