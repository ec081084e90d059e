import { badUserInput, CurrencyCode } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import type { DealState } from '../domain/deal.ts';
import { exchange, isStale, rateBetween } from '../domain/exchange.ts';
import type { OfferState } from '../domain/offer.ts';
import { priceOf, tiersOf } from '../domain/offer-price.ts';
import { MAX_QUANTITY } from '../domain/price-list.ts';
import { buyerAskedFor } from './access.ts';
import type { CatalogContext } from './context.ts';
import { LightningDeal, toDeal } from './deal.type.ts';
import type { Loaders } from './loaders.ts';
import { Offer } from './offer.type.ts';
import { PriceSource, PriceTier, ResolvedPrice } from './price.type.ts';

const BUYER =
  'For whom is bought, to be asked by its members, the vendor and operators; FORBIDDEN to others. Who is not signed in is told what everybody pays.';

// Nothing here is kept by the gateway: lists and deals begin and end by the clock, and are not for everybody.
@Resolver(() => Offer)
export class OfferPriceResolver {
  @FieldResolver(() => ResolvedPrice, {
    description:
      'What one costs now when so many are bought: the lowest of the price of the offer, its deal and the price lists that are for this buyer.',
  })
  async priceFor(
    @Root() { state }: Offer,
    @Ctx() { loaders, deps, viewer }: CatalogContext,
    @Arg('quantity', () => Int, {
      nullable: true,
      defaultValue: 1,
      description: 'How many are bought, from 1 to 1,000,000.',
    })
    quantity?: number,
    @Arg('organizationId', () => ID, { nullable: true, description: BUYER }) organizationId?: string | null,
    @Arg('currency', () => CurrencyCode, {
      nullable: true,
      description: 'To show the price in, by the rates stored last; paid is in the currency of the offer.',
    })
    currency?: string | null,
  ): Promise<ResolvedPrice> {
    const wanted = quantity ?? 1;
    if (wanted < 1 || wanted > MAX_QUANTITY) throw badUserInput(`quantity is from 1 to ${MAX_QUANTITY}.`);
    const buyer = buyerAskedFor(viewer, organizationId, state);
    const [listed, deal] = await Promise.all([
      loaders.listedPrices.load({ offerId: state.id, organizationId: buyer }),
      dealOf(state, loaders),
    ]);
    const price = priceOf(state, { listed, deal, quantity: wanted, now: deps.clock.now() });
    return {
      ...(await inCurrency({ unitPrice: price.unitPrice, listPrice: state.price }, currency, { loaders, deps })),
      source: PriceSource[price.source],
      validUntil: price.validUntil,
      appliedRuleId: price.ruleId,
    };
  }

  @FieldResolver(() => [PriceTier], {
    description:
      'From how many on price lists make one cheaper than the offer’s own price, smallest quantity first, at most 1,200; empty when none does. Deals are left out.',
  })
  async tiers(
    @Root() { state }: Offer,
    @Ctx() { loaders, deps, viewer }: CatalogContext,
    @Arg('organizationId', () => ID, { nullable: true, description: BUYER }) organizationId?: string | null,
  ): Promise<PriceTier[]> {
    const buyer = buyerAskedFor(viewer, organizationId, state);
    const listed = await loaders.listedPrices.load({ offerId: state.id, organizationId: buyer });
    return tiersOf(state, { listed, now: deps.clock.now() });
  }

  @FieldResolver(() => LightningDeal, {
    nullable: true,
    description: 'The deal that runs now, LIVE or SOLD_OUT; null when there is none.',
  })
  async activeDeal(@Root() { state }: Offer, @Ctx() { loaders, deps }: CatalogContext): Promise<LightningDeal | null> {
    const deal = await dealOf(state, loaders);
    return deal && toDeal(deal, deps.clock.now());
  }
}

/** Of most offers there was never a deal. */
function dealOf({ id, dealsRevision }: OfferState, loaders: Loaders): Promise<DealState | null> | null {
  return dealsRevision === undefined ? null : loaders.dealOfOffer.load(id);
}

async function inCurrency(
  { unitPrice, listPrice }: Pick<ResolvedPrice, 'unitPrice' | 'listPrice'>,
  currency: string | null | undefined,
  { loaders, deps }: Pick<CatalogContext, 'loaders' | 'deps'>,
): Promise<Pick<ResolvedPrice, 'unitPrice' | 'listPrice' | 'exchange'>> {
  const from = listPrice.currencyCode;
  if (!currency || currency === from) return { unitPrice, listPrice, exchange: null };
  const rates = await loaders.exchangeRates();
  const [unit, list] = [exchange(unitPrice, currency, rates), exchange(listPrice, currency, rates)];
  const rate = rateBetween(from, currency, rates);
  if (!unit || !list || rate === undefined) throw badUserInput(`There is no rate from ${from} to ${currency}.`);
  return {
    unitPrice: unit,
    listPrice: list,
    exchange: { from, rate, asOf: rates.asOf, isStale: isStale(rates, deps.clock.now()) },
  };
}
