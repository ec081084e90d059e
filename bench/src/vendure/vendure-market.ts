import type { OrderLoop, OrderLoopResult } from '../checkout/order-loop.ts';
import { type Build, startChild } from '../measure/child.ts';
import { percentile } from '../measure/statistics.ts';
import { type Market, type MarketSize, PLENTY } from './market.ts';
import { idleRound, measured } from './metered.ts';
import type { Methods } from './shop-api.ts';
import { holdVendureSale, soldInVendure } from './vendure-sale.ts';
import { openVendureShop } from './vendure-shop.ts';
import type { VendureStage } from './vendure-stage.ts';

/** Theirs: the same buyers' way through its own shop API. */
export async function openVendureMarket(
  stage: VendureStage,
  { build, buyers: most, sale }: MarketSize & { build: Build },
): Promise<Market> {
  const { modes, buyers, units } = sale;
  const { methods, variantIds, tokens } = await openVendureShop(stage, {
    units: [...Array.from({ length: most }, () => PLENTY), ...modes.map(() => units)],
    buyers: most + buyers * modes.length,
  });
  const orderers = await startChild({ name: 'buyers of Vendure', file: 'vendure-buyers', build });

  return {
    async order(crowd, durationMs) {
      const load = { tokens: tokens.slice(0, crowd), offerIds: variantIds.slice(0, most), durationMs };
      const { result, per } = await measured(stage, () =>
        orderers.ask<OrderLoopResult>({
          ...{ ...load, url: stage.shopApi, methods },
        } satisfies OrderLoop & { url: string; methods: Methods }),
      );
      const { orders, seconds, p50Ms, p99Ms } = result;
      if (orders === 0) throw new Error('Nobody ordered anything at Vendure');
      return {
        ...{ system: 'Vendure', buyers: crowd, orders, ordersPerSecond: orders / seconds, p50Ms, p99Ms },
        cpuMs: per(orders),
      };
    },
    idle: (durationMs) => idleRound('Vendure', stage, durationMs),
    async sell(mode) {
      const at = modes.indexOf(mode);
      const variantId = variantIds[most + at]!;
      const first = most + at * buyers;
      const { result, per } = await measured(stage, () =>
        holdVendureSale({
          shop: { shopApi: stage.shopApi, methods },
          ...{ variantId, mode, inFlight: buyers, tokens: tokens.slice(first, first + buyers) },
        }),
      );
      const { confirmed, soldOut, surprises, seconds, soldOutAfterMs } = result;
      const { sold, onHand, allocated } = await soldInVendure(stage.databaseUrl, variantId);
      return {
        ...{ system: 'Vendure', mode, buyers, units, sold, onHand, setAside: allocated },
        ...{ confirmed, soldOut, surprises, seconds },
        toldP95Ms: soldOutAfterMs.length > 0 ? percentile(soldOutAfterMs, 0.95) : undefined,
        cpuMs: per(buyers),
      };
    },
    close: () => orderers.stop(),
  };
}
