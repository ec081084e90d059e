import {
  badUserInput,
  forbidden,
  hasRole,
  IdempotencyKey,
  pageRequest,
  requireUser,
  toConnection,
} from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { upsertPromotion } from '../commands/upsert-promotion.ts';
import { codeKeyOf } from '../domain/promotion-code.ts';
import { type PromotionTerms, promotionStatus } from '../domain/promotion.ts';
import type { UsedPromotion } from '../store/promotions.ts';
import { isSeller, ownsPromotion, textOf } from './access.ts';
import { actorOf, type CatalogContext, runCommand } from './context.ts';
import { settled } from './payload.type.ts';
import { PromotionInput } from './promotion.input.ts';
import { Promotion, PromotionConnection, PromotionPayload, PromotionStatus, toPromotion } from './promotion.type.ts';
import { afterDescription, firstDescription, type MoneyInput } from './shared.type.ts';
import { Vendor } from './vendor.type.ts';

/** Who does not own it sees what can be used, and cannot tell the rest from what is not there. */
function visiblePromotion(promotion: UsedPromotion | null, { viewer, deps }: CatalogContext): Promotion | null {
  if (!promotion) return null;
  const isVisible = ownsPromotion(viewer, promotion) || promotionStatus(promotion, deps.clock.now()) === 'ACTIVE';
  return isVisible ? toPromotion(promotion) : null;
}

export const promotionReference = async (
  reference: { id?: unknown },
  context: CatalogContext,
): Promise<Promotion | null> => {
  const id = textOf(reference.id);
  return id ? visiblePromotion(await context.loaders.promotion.load(id), context) : null;
};

@Resolver(() => Promotion)
export class PromotionResolver {
  @Query(() => Promotion, {
    nullable: true,
    description:
      'One promotion; null when there is none, or none that can be used now. Who tries codes is stopped after 10 in a minute that led to nothing.',
  })
  async promotion(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { nullable: true, description: 'Its id. Give this or the code.' }) id?: string,
    @Arg('code', () => String, { nullable: true, description: 'What a buyer types.' }) code?: string,
  ): Promise<Promotion | null> {
    if (Boolean(id) === Boolean(code)) throw badUserInput('Give either id or code.');
    const { loaders } = context;
    if (id) return visiblePromotion(await loaders.promotion.load(id), context);
    const codeKey = codeKeyOf(code!);
    return codeKey ? visiblePromotion(await loaders.promotionByCodeKey.load(codeKey), context) : null;
  }

  @Mutation(() => PromotionPayload, {
    description: 'Creates a promotion or changes one. For operators, and for vendors on their own lines.',
  })
  async promotionUpsert(
    @Ctx() context: CatalogContext,
    @Arg('input', () => PromotionInput, { description: 'The promotion.' }) input: PromotionInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'On a change: the version you have read.' })
    expectedVersion?: number,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      nullable: true,
      description: 'The same key again gives the same promotion.',
    })
    idempotencyKey?: string,
  ): Promise<PromotionPayload> {
    const user = requireUser(context.viewer);
    const isOperator = hasRole(user, 'OPERATOR');
    if (!isOperator && !isSeller(user)) throw forbidden('Only vendors and operators may do this.');
    const { id, vendorId = null } = input;
    const actor = { ...actorOf(context, user), isOperator };
    const command = { actor, id, vendorId, terms: termsOf(input), expectedVersion, idempotencyKey };
    const outcome = await runCommand(context, (deps) => upsertPromotion(deps, command));
    const { value, userErrors } = settled(outcome, toPromotion);
    return { promotion: value, userErrors };
  }

  @FieldResolver(() => PromotionStatus, { description: 'Whether it can be used now.' })
  status(@Root() { state }: Promotion, @Ctx() { deps }: CatalogContext): PromotionStatus {
    return PromotionStatus[promotionStatus(state, deps.clock.now())];
  }

  @FieldResolver(() => Int, { nullable: true, description: 'Orders that may use it. For who owns it and operators.' })
  usageLimit(@Root() { state }: Promotion, @Ctx() { viewer }: CatalogContext): number | null {
    return ownsPromotion(viewer, state) ? state.usageLimit : null;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Orders of one buyer that may use it. For who owns it and operators.',
  })
  usageLimitPerBuyer(@Root() { state }: Promotion, @Ctx() { viewer }: CatalogContext): number | null {
    return ownsPromotion(viewer, state) ? state.usageLimitPerBuyer : null;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Confirmed orders that used it, also those cancelled later. For who owns it and operators.',
  })
  usageCount(@Root() { state }: Promotion, @Ctx() { viewer }: CatalogContext): number | null {
    return ownsPromotion(viewer, state) ? state.usageCount : null;
  }
}

@Resolver(() => Vendor)
export class VendorPromotionsResolver {
  @FieldResolver(() => PromotionConnection, {
    nullable: true,
    description: 'Its promotions, newest first. For the vendor and operators; null for others.',
  })
  async promotions(
    @Root() { id }: Vendor,
    @Ctx() { loaders, viewer }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<PromotionConnection | null> {
    const page = pageRequest({ first, after }, { arity: 1 });
    const before = page.after?.[0];
    if (before !== undefined && typeof before !== 'string') throw badUserInput('after is not a cursor of this list.');
    if (!ownsPromotion(viewer, { vendorId: id })) return null;
    const promotions = await loaders.promotionsOfVendor.load({
      id,
      page: { limit: page.limit, ...(before ? { before } : {}) },
    });
    return toConnection(promotions, page, { key: (promotion) => [promotion.id], node: toPromotion });
  }
}

function termsOf(input: PromotionInput): PromotionTerms {
  const { code, name, kind, basisPoints = null, buyQuantity = null, getQuantity = null } = input;
  return {
    code,
    name,
    kind,
    basisPoints,
    amount: moneyOf(input.amount),
    buyQuantity,
    getQuantity,
    conditions: {
      minimumSubtotal: moneyOf(input.minimumSubtotal),
      categoryIds: [...new Set(input.categoryIds ?? [])],
      productIds: [...new Set(input.productIds ?? [])],
      offerIds: [...new Set(input.offerIds ?? [])],
      isPrimeOnly: input.primeOnly ?? false,
      isCombinable: input.combinable ?? false,
    },
    startsAt: input.startsAt ?? null,
    endsAt: input.endsAt ?? null,
    usageLimit: input.usageLimit ?? null,
    usageLimitPerBuyer: input.usageLimitPerBuyer ?? null,
    isDisabled: input.disabled ?? false,
  };
}

function moneyOf(input: MoneyInput | null | undefined) {
  return input ? { amount: input.amount, currencyCode: input.currencyCode } : null;
}
