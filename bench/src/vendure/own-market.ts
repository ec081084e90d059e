import { holdFlashSale } from '@marketgraph/tests/support/flash-sale';
import { checkoutRound } from '../checkout/checkout-rounds.ts';
import type { CheckoutStage } from '../checkout/checkout-stage.ts';
import { openShop } from '../checkout/shop.ts';
import { soldInStores } from '../flash-sale/sold-in-stores.ts';
import { type Build, startChild } from '../measure/child.ts';
import { percentile } from '../measure/statistics.ts';
import type { Market, MarketSize } from './market.ts';
import { idleRound, measured, type Metered } from './metered.ts';

/** Ours, by the buyers of the benchmarks `checkout` and `flash-sale`. */
export async function openOwnMarket(
  stage: CheckoutStage,
  { build, buyers: most, sale }: MarketSize & { build: Build },
): Promise<Market> {
  const shop = await openShop(stage, { offers: most, buyers: most });
  const { modes, buyers, units } = sale;
  const last = await openShop(stage, { offers: modes.length, buyers: buyers * modes.length, units });
  const meter: Metered = { quiet: () => stage.quiet(), read: async () => (await stage.read()).cpu };
  const orderers = await startChild({ name: 'buyers', file: 'checkout-buyers', build });
  return {
    async order(crowd, durationMs) {
      const tokens = shop.tokens.slice(0, crowd);
      const round = await checkoutRound(stage, orderers, { tokens, offerIds: shop.offerIds, durationMs });
      const { orders, ordersPerSecond, p50Ms, p99Ms, cpuMs } = round;
      return { system: 'ours', buyers: crowd, orders, ordersPerSecond, p50Ms, p99Ms, cpuMs };
    },
    idle: (durationMs) => idleRound('ours', meter, durationMs),
    async sell(mode) {
      const at = modes.indexOf(mode);
      const offerId = last.offerIds[at]!;
      const { result, per } = await measured(meter, () =>
        holdFlashSale({
          ...{ graph: stage.graph, offerId, units, mode, inFlight: buyers },
          buyers: last.tokens.slice(at * buyers, (at + 1) * buyers),
        }),
      );
      const { confirmed, soldOut, surprises, seconds, soldOutAfterMs } = result;
      if (surprises.length > 0) throw new Error(`Our buyers were told ${surprises.slice(0, 3).join(' · ')}`);
      const { sold, onHand, reserved } = await soldInStores(stage.access, offerId);
      return {
        ...{ system: 'ours', mode, buyers, units, sold, onHand, setAside: reserved },
        ...{ confirmed, soldOut, surprises, seconds },
        toldP95Ms: soldOutAfterMs.length > 0 ? percentile(soldOutAfterMs, 0.95) : undefined,
        cpuMs: per(buyers),
      };
    },
    close: () => orderers.stop(),
  };
}
