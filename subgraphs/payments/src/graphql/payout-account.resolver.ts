import { Arg, Ctx, Field, ID, Mutation, ObjectType, Resolver } from 'type-graphql';
import { isMemberOf, requireUser } from '@marketgraph/platform/graphql';
import { onboardVendor } from '../commands/onboard-vendor.ts';
import { mayReadMoneyOf } from './access.ts';
import type { PaymentsContext } from './payments-context.ts';
import { PayoutAccount, toPayoutAccountType } from './settlement.type.ts';
import { UserError } from './shared.type.ts';
import { orUnavailable, toUserErrors } from './user-errors.ts';

@ObjectType({ description: "A vendor's account at the provider after it was asked for." })
export class PayoutAccountPayload {
  @Field(() => PayoutAccount, { nullable: true, description: 'The account as the provider has it now.' })
  payoutAccount!: PayoutAccount | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@Resolver(() => PayoutAccount)
export class PayoutAccountResolver {
  @Mutation(() => PayoutAccountPayload, {
    description:
      "Sends a vendor to the provider's forms: each call makes a new address, good for one visit. For whoever runs the vendor, and nobody else.",
  })
  async payoutAccountOnboard(
    @Arg('vendorId', () => ID, { description: 'Your vendor.' }) vendorId: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PayoutAccountPayload> {
    requireUser(viewer);
    const asker = isMemberOf(viewer, vendorId, 'VENDOR_ADMIN')
      ? 'admin'
      : isMemberOf(viewer, vendorId)
        ? 'staff'
        : null;
    const result = await orUnavailable(onboardVendor(deps, { vendorId, asker }));
    if (!result.ok) return { payoutAccount: null, userErrors: toUserErrors(result.rejection) };
    const { account, onboardingUrl } = result.value;
    return { payoutAccount: { ...toPayoutAccountType(account), onboardingUrl }, userErrors: [] };
  }
}

/** Missing and forbidden are the same: null. */
export async function payoutAccountById(
  id: string,
  { loaders, viewer }: PaymentsContext,
): Promise<PayoutAccount | null> {
  const row = await loaders.payoutAccount.load(id);
  return row && mayReadMoneyOf(viewer, row.vendorId) ? toPayoutAccountType(row) : null;
}
