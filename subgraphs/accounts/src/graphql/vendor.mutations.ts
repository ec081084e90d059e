import type { Result } from '@marketgraph/platform/core';
import { isMemberOf, requireRole, requireUser } from '@marketgraph/platform/graphql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { applyAsVendor } from '../commands/apply-as-vendor.ts';
import { reviewVendor, suspendVendor } from '../commands/review-vendor.ts';
import { setPrimeEligible, setReach } from '../commands/set-reach.ts';
import { submitKyc } from '../commands/submit-kyc.ts';
import type { VendorRow } from '../store/vendors.ts';
import { causeOf } from './access.ts';
import { KycSubmitInput, VendorApplyInput, VendorReachInput, VendorReviewInput } from './account.input.ts';
import { VendorPayload } from './account.payload.ts';
import type { AccountsContext } from './context.ts';
import { outcome, toVendor } from './map.ts';

@Resolver()
export class VendorMutations {
  @Mutation(() => VendorPayload, {
    description: 'Applies to sell here, for a seller organization the viewer runs. Once per owner and organization.',
  })
  async vendorApply(
    @Arg('input', () => VendorApplyInput, { description: 'The application.' }) input: VendorApplyInput,
    @Ctx() context: AccountsContext,
  ): Promise<VendorPayload> {
    requireUser(context.viewer);
    return toPayload(await applyAsVendor(context.commands, { ...input, cause: causeOf(context) }));
  }

  @Mutation(() => VendorPayload, { description: "Hands in a vendor's documents. For who runs it." })
  async vendorKycSubmit(
    @Arg('input', () => KycSubmitInput, { description: 'The documents.' }) input: KycSubmitInput,
    @Ctx() context: AccountsContext,
  ): Promise<VendorPayload> {
    const viewer = requireUser(context.viewer);
    const mayActFor = (vendorId: string) => isMemberOf(viewer, vendorId, 'VENDOR_ADMIN');
    return toPayload(await submitKyc(context.commands, { ...input, mayActFor, cause: causeOf(context) }));
  }

  @Mutation(() => VendorPayload, {
    description: 'Says where a vendor sells from and which countries it ships to, for searches. For who runs it.',
  })
  async vendorReachSet(
    @Arg('input', () => VendorReachInput, { description: 'All of it; what is left out is taken away.' })
    { vendorId, location, shipsTo }: VendorReachInput,
    @Ctx() context: AccountsContext,
  ): Promise<VendorPayload> {
    const viewer = requireUser(context.viewer);
    const mayActFor = (id: string) => isMemberOf(viewer, id, 'VENDOR_ADMIN');
    const reach = { vendorId, location: location ?? null, shipsTo: shipsTo ?? null, mayActFor };
    return toPayload(await setReach(context.commands, { ...reach, cause: causeOf(context) }));
  }

  @Mutation(() => VendorPayload, { description: 'Makes a vendor part of Prime, or ends it. For operators.' })
  async vendorPrimeEligibleSet(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Arg('isPrimeEligible', () => Boolean, { description: 'Whether it is from now on.' }) isPrimeEligible: boolean,
    @Ctx() context: AccountsContext,
  ): Promise<VendorPayload> {
    requireRole(context.viewer, 'OPERATOR');
    return toPayload(await setPrimeEligible(context.commands, { id, isPrimeEligible, cause: causeOf(context) }));
  }

  @Mutation(() => VendorPayload, { description: 'Decides on a vendor. For operators.' })
  async vendorReview(
    @Arg('input', () => VendorReviewInput, { description: 'The decision.' }) input: VendorReviewInput,
    @Ctx() context: AccountsContext,
  ): Promise<VendorPayload> {
    requireRole(context.viewer, 'OPERATOR');
    return toPayload(await reviewVendor(context.commands, { ...input, cause: causeOf(context) }));
  }

  @Mutation(() => VendorPayload, { description: 'An active vendor may not sell for the time being. For operators.' })
  async vendorSuspend(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Arg('reason', () => String, { description: 'Why, at most 1,000 characters.' }) reason: string,
    @Ctx() context: AccountsContext,
  ): Promise<VendorPayload> {
    requireRole(context.viewer, 'OPERATOR');
    return toPayload(await suspendVendor(context.commands, { id, reason, cause: causeOf(context) }));
  }
}

function toPayload(result: Result<VendorRow>): VendorPayload {
  const { shown: vendor, userErrors } = outcome(result, toVendor);
  return { vendor, userErrors };
}
