import { badUserInput, hasRole, pageRequest, type StreamRoot, toConnection } from '@marketgraph/platform/graphql';
import { type DealChanged, dealChanged } from '@marketgraph/schema/events/catalog';
import {
  Arg,
  Ctx,
  Directive,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { cancelLightningDeal } from '../commands/cancel-deal.ts';
import { scheduleLightningDeal } from '../commands/schedule-deal.ts';
import { type DealState, type DealStatus, shownStatus, slotsAllowed } from '../domain/deal.ts';
import type { Actor } from '../domain/ownership.ts';
import { listRunningDeals } from '../store/deals.ts';
import { canSeeOffer, requireDealMaker, textOf } from './access.ts';
import { actorOf, type CatalogContext, runCommand } from './context.ts';
import {
  LightningDeal,
  LightningDealConnection,
  LightningDealEvent,
  LightningDealInput,
  LightningDealPayload,
  toDeal,
} from './deal.type.ts';
import { Offer, toOffer } from './offer.type.ts';
import { settled } from './payload.type.ts';
import { afterDescription, firstDescription, StreamEventKind } from './shared.type.ts';

/** A deal is seen by whoever sees its offer. */
async function canSeeDeal({ offerId }: DealState, { loaders, viewer }: CatalogContext): Promise<boolean> {
  const offer = await loaders.offer.load(offerId);
  const product = offer && (await loaders.product.load(offer.productId));
  return Boolean(offer && product && canSeeOffer(viewer, offer, product));
}

async function visibleDeal(id: string | null, context: CatalogContext): Promise<DealState | null> {
  const deal = id ? await context.loaders.deal.load(id) : null;
  return deal && (await canSeeDeal(deal, context)) ? deal : null;
}

export const dealReference = async (
  reference: { id?: unknown },
  context: CatalogContext,
): Promise<LightningDeal | null> => {
  const deal = await visibleDeal(textOf(reference.id), context);
  return deal && toDeal(deal, context.deps.clock.now());
};

@Resolver(() => LightningDeal)
export class DealResolver {
  @Query(() => LightningDealConnection, {
    description:
      'The deals that run now, LIVE or SOLD_OUT, those that end first in front. A page can be shorter than asked for.',
  })
  async activeDeals(
    @Ctx() context: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<LightningDealConnection> {
    const page = pageRequest({ first, after }, { arity: 2 });
    const now = context.deps.clock.now();
    const deals = await listRunningDeals(context.deps.store, {
      now,
      limit: page.limit,
      ...(page.after ? { after: positionOf(page.after) } : {}),
    });
    const connection = toConnection(deals, page, {
      key: ({ endsAt, id }) => [endsAt.getTime(), id],
      node: (deal) => toDeal(deal, now),
    });
    const seen = await Promise.all(connection.edges.map(({ node }) => canSeeDeal(node.state, context)));
    return { ...connection, edges: connection.edges.filter((_, index) => seen[index]) };
  }

  @Mutation(() => LightningDealPayload, {
    description: 'Announces a deal of an offer. It begins and ends by itself. For its active vendor and operators.',
  })
  async lightningDealSchedule(
    @Ctx() context: CatalogContext,
    @Arg('input', () => LightningDealInput, { description: 'The deal.' }) input: LightningDealInput,
  ): Promise<LightningDealPayload> {
    const actor = dealMaker(context);
    const { offerId, dealPrice, startsAt, endsAt, slots } = input;
    const price = { amount: dealPrice.amount, currencyCode: dealPrice.currencyCode };
    const terms = { offerId, dealPrice: price, startsAt, endsAt, slots };
    return payloadOf(context, await runCommand(context, (deps) => scheduleLightningDeal(deps, { actor, terms })));
  }

  @Mutation(() => LightningDealPayload, {
    description: 'Calls a deal off: the offer has its own price again. Who holds a slot may still pay for it.',
  })
  async lightningDealCancel(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'The deal.' }) id: string,
  ): Promise<LightningDealPayload> {
    const actor = dealMaker(context);
    return payloadOf(context, await runCommand(context, (deps) => cancelLightningDeal(deps, { actor, id })));
  }

  @Subscription(() => LightningDealEvent, {
    topics: 'gateway',
    description: 'Where a deal stands now, then each change: when it starts, sells out, has slots again, ends.',
  })
  async lightningDealChanged(
    @Root() root: StreamRoot,
    @Ctx() context: CatalogContext,
    @Arg('dealId', () => ID, { description: 'The deal.' }) dealId: string,
    @Arg('after', () => String, {
      nullable: true,
      description: 'Cursor of the last event you have had; the stream goes on behind it.',
    })
    _after?: string,
  ): Promise<LightningDealEvent> {
    const deal = await visibleDeal(textOf(dealId), context);
    if (!deal) throw badUserInput('No such deal.');
    const change = root.envelope?.payload as DealChanged | undefined;
    if (!change) root.shows = { name: dealChanged.name, key: deal.id, sequence: deal.version };
    return Object.assign(new LightningDealEvent(), {
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
      deal: toDeal(deal, change ? (change.status as DealStatus) : shownStatus(deal, context.deps.clock.now())),
    });
  }

  @FieldResolver(() => Offer, { description: 'What is cheaper.' })
  async offer(@Root() { state }: LightningDeal, @Ctx() { loaders }: CatalogContext): Promise<Offer> {
    return toOffer((await loaders.offer.load(state.offerId))!);
  }

  @Directive('@inaccessible')
  @FieldResolver(() => Int, { description: 'How many slots stock is to give. For the inventory service.' })
  slotsAllowed(@Root() { state }: LightningDeal): number {
    return slotsAllowed(state);
  }
}

/** A vendor acts for itself, an operator for every vendor. */
function dealMaker(context: CatalogContext): Actor {
  const user = requireDealMaker(context.viewer);
  const actor = actorOf(context, user);
  return hasRole(user, 'OPERATOR') ? { ...actor, actsFor: () => true } : actor;
}

function payloadOf(
  { deps }: CatalogContext,
  outcome: Awaited<ReturnType<typeof scheduleLightningDeal>>,
): LightningDealPayload {
  const { value, userErrors } = settled(outcome, (deal) => toDeal(deal, deps.clock.now()));
  return { deal: value, userErrors };
}

function positionOf([endsAtMs, id]: readonly unknown[]): { endsAt: Date; id: string } {
  const endsAt = new Date(typeof endsAtMs === 'number' ? endsAtMs : Number.NaN);
  if (Number.isNaN(endsAt.getTime()) || typeof id !== 'string') {
    throw badUserInput('after is not a cursor of this list.');
  }
  return { endsAt, id };
}
