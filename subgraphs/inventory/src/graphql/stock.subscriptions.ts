import { badUserInput, eventSkipped, forbidden, requireActing, type StreamRoot } from '@marketgraph/platform/graphql';
import { type StockChanged, stockChanged } from '@marketgraph/schema/events/inventory';
import { Arg, Ctx, Directive, ID, Resolver, Root, Subscription } from 'type-graphql';
import { actsFor } from './access.ts';
import type { InventoryContext } from './context.ts';
import { toWarehouse } from './map.ts';
import { StreamEventKind } from './shared.type.ts';
import { MAX_OFFERS } from './stock.resolver.ts';
import { StockChangedEvent } from './stock.type.ts';

@Resolver()
export class StockSubscriptions {
  @Directive('@coalesce')
  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Subscription(() => StockChangedEvent, {
    topics: 'gateway',
    description: 'Availability of up to 100 offers as it changes. One snapshot per offer first.',
  })
  async stockChanged(
    @Root() root: StreamRoot,
    @Arg('offerIds', () => [ID], { description: 'From 1 to 100.' }) offerIds: string[],
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after: string | null,
    @Ctx() context: InventoryContext,
  ): Promise<StockChangedEvent> {
    if (offerIds.length === 0 || offerIds.length > MAX_OFFERS) throw badUserInput(`1 to ${MAX_OFFERS} offers.`);
    const live = livePayload(root);
    return live ? liveEvent(root, live, context) : snapshot(root, root.key ?? offerIds[0]!, context);
  }

  @Directive('@coalesce')
  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Subscription(() => StockChangedEvent, {
    topics: 'gateway',
    description:
      "All of one vendor's stock as it changes, for the vendor. The snapshot tells of one offer that is low, or of any.",
  })
  async vendorStockFeed(
    @Root() root: StreamRoot,
    @Arg('vendorId', () => ID, { description: 'A vendor one acts for.' }) vendorId: string,
    @Arg('belowThresholdOnly', () => Boolean, {
      defaultValue: false,
      description: 'Only what has fallen to its threshold or below.',
    })
    belowThresholdOnly: boolean,
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after: string | null,
    @Ctx() context: InventoryContext,
  ): Promise<StockChangedEvent> {
    if (!actsFor(requireActing(context.viewer), vendorId)) throw forbidden();
    const live = livePayload(root);
    if (live) {
      if (belowThresholdOnly && live.available > live.lowStockThreshold) throw eventSkipped();
      return liveEvent(root, live, context);
    }
    const [lowest] = await context.commands.orm.em.fork().execute<{ offerId: string }[]>(
      `select offer.offer_id as "offerId"
         from offer join stock_level level on level.offer_id = offer.offer_id
        where offer.vendor_id = ? group by offer.offer_id
       having not ? or sum(level.on_hand - level.reserved) <= max(offer.low_stock_threshold)
        order by sum(level.on_hand - level.reserved), offer.offer_id limit 1`,
      [vendorId, belowThresholdOnly],
    );
    // Nothing counted yet, or nothing low: the stream begins with what comes.
    if (!lowest) throw eventSkipped();
    return snapshot(root, lowest.offerId, context);
  }
}

function livePayload({ envelope }: StreamRoot): StockChanged | undefined {
  return envelope?.payload as StockChanged | undefined;
}

async function snapshot(root: StreamRoot, offerId: string, { loaders }: InventoryContext): Promise<StockChangedEvent> {
  const { available, sequence } = await loaders.availability.load(offerId);
  root.shows = { name: stockChanged.name, key: offerId, sequence };
  return typed({
    ...envelope(root),
    offer: { id: offerId },
    available,
    warehouse: null,
    previousAvailable: null,
    reason: null,
  });
}

async function liveEvent(
  root: StreamRoot,
  payload: StockChanged,
  { loaders, viewer }: InventoryContext,
): Promise<StockChangedEvent> {
  const { offerId, vendorId, warehouseId, previousAvailable, available, reason } = payload;
  const warehouse = warehouseId && actsFor(viewer, vendorId) ? await loaders.warehouse.load(warehouseId) : null;
  return typed({
    ...envelope(root),
    offer: { id: offerId },
    warehouse: warehouse && toWarehouse(warehouse),
    previousAvailable,
    available,
    reason: reason as StockChangedEvent['reason'],
  });
}

function envelope({ cursor, occurredAt, kind }: StreamRoot) {
  return { cursor, occurredAt: new Date(occurredAt), kind: StreamEventKind[kind] };
}

function typed(event: StockChangedEvent): StockChangedEvent {
  return Object.assign(event, { __typename: 'StockChangedEvent' });
}
