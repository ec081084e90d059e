import { badUserInput, IdempotencyKey, pageRequest, toConnection } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { upsertPriceList } from '../commands/upsert-price-list.ts';
import type { PriceListTerms } from '../domain/price-list.ts';
import type { PriceListHead } from '../store/price-lists.ts';
import { requireSeller, seesPriceList, textOf } from './access.ts';
import { actorOf, type CatalogContext, runCommand } from './context.ts';
import type { NewestPage } from './loaders.ts';
import { Offer, toOffer } from './offer.type.ts';
import { settled } from './payload.type.ts';
import { PriceListInput } from './price-list.input.ts';
import {
  Organization,
  PriceList,
  PriceListConnection,
  PriceListEntry,
  PriceListEntryConnection,
  PriceListPayload,
  toOrganization,
  toPriceList,
  toPriceListEntry,
} from './price-list.type.ts';
import { afterDescription, firstDescription } from './shared.type.ts';
import { Vendor } from './vendor.type.ts';

const visible = (list: PriceListHead | null, { viewer }: CatalogContext): PriceList | null =>
  list && seesPriceList(viewer, list) ? toPriceList(list) : null;

export const priceListReference = async (
  reference: { id?: unknown },
  context: CatalogContext,
): Promise<PriceList | null> => {
  const id = textOf(reference.id);
  return id ? visible(await context.loaders.priceList.load(id), context) : null;
};

export const organizationReference = (reference: { id?: unknown }): Organization | null => {
  const id = textOf(reference.id);
  return id ? toOrganization(id) : null;
};

@Resolver(() => PriceList)
export class PriceListResolver {
  @Query(() => PriceList, { nullable: true, description: 'One price list; null when there is none you may see.' })
  async priceList(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
  ): Promise<PriceList | null> {
    return visible(await context.loaders.priceList.load(id), context);
  }

  @Mutation(() => PriceListPayload, {
    description: 'Creates a price list or puts one anew, with all its entries. The next price that is read follows it.',
  })
  async priceListUpsert(
    @Ctx() context: CatalogContext,
    @Arg('input', () => PriceListInput, { description: 'The list.' }) input: PriceListInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'On a change: the version you have read.' })
    expectedVersion?: number | null,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      nullable: true,
      description: 'The same key again gives the same list.',
    })
    idempotencyKey?: string | null,
  ): Promise<PriceListPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const { id, vendorId } = input;
    const command = { actor, id, vendorId, terms: termsOf(input), expectedVersion, idempotencyKey };
    const outcome = await runCommand(context, (deps) => upsertPriceList(deps, command));
    const { value, userErrors } = settled(outcome, toPriceList);
    return { priceList: value, userErrors };
  }

  @FieldResolver(() => PriceListEntryConnection, { description: 'What is in it, by offer and then by quantity.' })
  async entries(
    @Root() { state }: PriceList,
    @Ctx() { loaders }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<PriceListEntryConnection> {
    const page = pageRequest({ first, after }, { arity: 2 });
    const [offerId, minQuantity] = page.after ?? ['', 0];
    if (typeof offerId !== 'string' || typeof minQuantity !== 'number') {
      throw badUserInput('after is not a cursor of this list.');
    }
    const behind = page.after ? { after: { offerId, minQuantity } } : {};
    const entries = await loaders.entriesOfList.load({ id: state.id, page: { limit: page.limit, ...behind } });
    return toConnection(entries, page, {
      key: (entry) => [entry.offerId, entry.minQuantity],
      node: toPriceListEntry,
    });
  }
}

@Resolver(() => PriceListEntry)
export class PriceListEntryResolver {
  @FieldResolver(() => Offer, { description: 'What is bought.' })
  async offer(@Root() { offerId }: PriceListEntry, @Ctx() { loaders }: CatalogContext): Promise<Offer> {
    const offer = await loaders.offer.load(offerId);
    if (!offer) throw new Error(`A price list names the offer ${offerId}, which is not there.`);
    return toOffer(offer);
  }
}

@Resolver(() => Vendor)
export class VendorPriceListsResolver {
  @FieldResolver(() => PriceListConnection, {
    nullable: true,
    description: 'Its price lists, newest first. For the vendor and operators; null for others.',
  })
  async priceLists(
    @Root() { id }: Vendor,
    @Ctx() { loaders, viewer }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<PriceListConnection | null> {
    const isSeen = seesPriceList(viewer, { vendorId: id, buyerOrganizationId: null });
    return page({ first, after, isSeen }, (wanted) => loaders.priceListsOfVendor.load({ id, page: wanted }));
  }
}

@Resolver(() => Organization)
export class OrganizationResolver {
  @FieldResolver(() => PriceListConnection, {
    nullable: true,
    description: 'What it has agreed with vendors, newest first. For its members and operators; null for others.',
  })
  async priceLists(
    @Root() { id }: Organization,
    @Ctx() { loaders, viewer }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<PriceListConnection | null> {
    const isSeen = seesPriceList(viewer, { vendorId: '', buyerOrganizationId: id });
    return page({ first, after, isSeen }, (wanted) => loaders.priceListsOfOrganization.load({ id, page: wanted }));
  }
}

async function page(
  { first, after, isSeen }: { first?: number; after?: string; isSeen: boolean },
  load: (page: NewestPage) => Promise<PriceListHead[]>,
): Promise<PriceListConnection | null> {
  const request = pageRequest({ first, after }, { arity: 1 });
  const before = request.after?.[0];
  if (before !== undefined && typeof before !== 'string') throw badUserInput('after is not a cursor of this list.');
  if (!isSeen) return null;
  const lists = await load({ limit: request.limit, ...(before ? { before } : {}) });
  return toConnection(lists, request, { key: ({ id }) => [id], node: toPriceList });
}

function termsOf(input: PriceListInput): PriceListTerms {
  return {
    name: input.name,
    buyerOrganizationId: input.buyerOrganizationId ?? null,
    isForBusiness: input.businessOnly ?? false,
    entries: input.entries.map(({ offerId, minQuantity, maxQuantity, unitPrice: { amount, currencyCode } }) => ({
      offerId,
      minQuantity,
      maxQuantity: maxQuantity ?? null,
      unitPrice: { amount, currencyCode },
    })),
    validFrom: input.validFrom ?? null,
    validUntil: input.validUntil ?? null,
  };
}
