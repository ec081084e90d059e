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
import { badUserInput, eventSkipped, type StreamRoot } from '@marketgraph/platform/graphql';
import { type OfferChanged, offerChanged } from '@marketgraph/schema/events/catalog';
import { setOfferPrice } from '../commands/set-offer-price.ts';
import { upsertOffer } from '../commands/upsert-offer.ts';
import { offerStatusFor, type OfferState, type OfferStatus as OfferStatusName } from '../domain/offer.ts';
import { isActive } from '../domain/vendor.ts';
import { canSeeOffer, requireSeller, textOf } from './access.ts';
import { actorOf, type CatalogContext, runCommand } from './context.ts';
import { OfferInput } from './offer.input.ts';
import { Offer, OfferStatus, PriceChangedEvent, toOffer } from './offer.type.ts';
import { OfferPayload, settled } from './payload.type.ts';
import { ProductVariant, toVariant } from './product.type.ts';
import { MoneyInput, StreamEventKind } from './shared.type.ts';
import { toVendor, Vendor } from './vendor.type.ts';

const MAX_WATCHED_OFFERS = 100;

async function visibleOffer(offer: OfferState | null, { loaders, viewer }: CatalogContext): Promise<Offer | null> {
  const product = offer && (await loaders.product.load(offer.productId));
  return product && canSeeOffer(viewer, offer, product) ? toOffer(offer) : null;
}

export const offerReference = async (
  reference: { id?: unknown; vendor?: { id?: unknown }; sku?: unknown },
  context: CatalogContext,
): Promise<Offer | null> => {
  const id = textOf(reference.id);
  const vendorId = textOf(reference.vendor?.id);
  const sku = textOf(reference.sku);
  if (id) return visibleOffer(await context.loaders.offer.load(id), context);
  if (vendorId && sku) return visibleOffer(await context.loaders.offerBySku.load({ vendorId, sku }), context);
  return null;
};

@Resolver(() => Offer)
export class OfferResolver {
  @Directive('@cacheControl(maxAge: 60)')
  @Directive('@apiScope(anyOf: ["catalog:read", "inventory:read"])')
  @Query(() => Offer, { nullable: true, description: 'One offer; null when there is none you may see.' })
  async offer(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
  ): Promise<Offer | null> {
    return visibleOffer(await context.loaders.offer.load(id), context);
  }

  @Directive('@apiScope(anyOf: ["catalog:write"])')
  @Mutation(() => OfferPayload, { description: 'Lists a variant under your sku, or changes that listing.' })
  async offerUpsert(
    @Ctx() context: CatalogContext,
    @Arg('input', () => OfferInput, { description: 'The listing.' }) input: OfferInput,
  ): Promise<OfferPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const { vendorId, variantId, sku, price, condition, minOrderQuantity, orderMultiple, returnWindowDays } = input;
    const terms = {
      vendorId,
      variantId,
      sku,
      price: { amount: price.amount, currencyCode: price.currencyCode },
      condition: condition ?? 'NEW',
      minOrderQuantity: minOrderQuantity ?? 1,
      orderMultiple: orderMultiple ?? 1,
      returnWindowDays: returnWindowDays ?? 30,
    };
    const outcome = await runCommand(context, (deps) => upsertOffer(deps, { actor, terms }));
    const { value, userErrors } = settled(outcome, toOffer);
    return { offer: value, userErrors };
  }

  @Directive('@apiScope(anyOf: ["catalog:write"])')
  @Mutation(() => OfferPayload, { description: 'Sets the price. Whoever watches the offer is told.' })
  async offerPriceSet(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'The offer.' }) id: string,
    @Arg('price', () => MoneyInput, { description: 'What one costs from now on.' }) price: MoneyInput,
    @Arg('expectedVersion', () => Int, { description: 'The version you have read.' }) expectedVersion: number,
  ): Promise<OfferPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const { amount, currencyCode } = price;
    const command = { actor, id, price: { amount, currencyCode }, expectedVersion };
    const { value, userErrors } = settled(await runCommand(context, (deps) => setOfferPrice(deps, command)), toOffer);
    return { offer: value, userErrors };
  }

  @Directive('@coalesce')
  @Directive('@apiScope(anyOf: ["catalog:read"])')
  @Subscription(() => PriceChangedEvent, {
    topics: 'gateway',
    description: 'The price of each offer now, then each change of it.',
  })
  async priceChanged(
    @Root() root: StreamRoot,
    @Ctx() context: CatalogContext,
    @Arg('offerIds', () => [ID], { description: 'The offers to watch, 1 to 100.' }) offerIds: string[],
    @Arg('after', () => String, {
      nullable: true,
      description: 'Cursor of the last event you have had; the stream goes on behind it.',
    })
    _after?: string,
  ): Promise<PriceChangedEvent> {
    if (offerIds.length === 0 || offerIds.length > MAX_WATCHED_OFFERS) {
      throw badUserInput(`Watch 1 to ${MAX_WATCHED_OFFERS} offers.`);
    }
    const change = root.envelope?.payload as OfferChanged | undefined;
    const id = change?.offerId ?? root.key ?? offerIds[0]!;
    if (!offerIds.includes(id)) throw eventSkipped();
    const offer = await visibleOffer(await context.loaders.offer.load(id), context);
    if (!offer) throw badUserInput('No such offer.');
    if (!change) root.shows = { name: offerChanged.name, key: id, sequence: offer.state.version };
    return Object.assign(new PriceChangedEvent(), {
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
      offer,
      previous: change?.previousPrice ?? null,
    });
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Vendor, { description: 'Who sells.' })
  vendor(@Root() { state }: Offer): Vendor {
    return toVendor(state.vendorId);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => ProductVariant, { description: 'What is sold.' })
  async variant(@Root() { state }: Offer, @Ctx() { loaders }: CatalogContext): Promise<ProductVariant> {
    const product = await loaders.product.load(state.productId);
    const variant = product?.variants.find(({ id }) => id === state.variantId);
    if (!product || !variant) throw new Error(`Offer ${state.id} is for a variant that is not there.`);
    return toVariant(product, variant);
  }

  @FieldResolver(() => OfferStatus, {
    description: 'Whether it can be bought; an offer is only as active as its vendor and product.',
  })
  async status(@Root() { state }: Offer, @Ctx() { loaders }: CatalogContext): Promise<OfferStatusName> {
    const [product, vendor] = await Promise.all([
      loaders.product.load(state.productId),
      loaders.vendor.load(state.vendorId),
    ]);
    return offerStatusFor(state.status, {
      isVendorActive: isActive(vendor),
      productStatus: product?.status ?? 'ARCHIVED',
    });
  }
}
