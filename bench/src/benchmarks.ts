import { benchCache, cacheBenchDefaults, cacheBenchLong } from './cache/cache-bench.ts';
import { benchCatalog, catalogBenchDefaults, catalogBenchLong } from './catalog/catalog-bench.ts';
import { benchCheckout, checkoutBenchDefaults, checkoutBenchLong } from './checkout/checkout-bench.ts';
import { benchFanOut, fanOutDefaults } from './fanout/fanout-bench.ts';
import { benchFlashSale, flashSaleBenchDefaults, flashSaleBenchLong } from './flash-sale/flash-sale-bench.ts';
import { benchGateways, gatewayBenchDefaults, gatewayBenchLong } from './gateway/gateway-bench.ts';
import { benchImport, importBenchDefaults, importBenchLong } from './import/import-bench.ts';
import { benchMarketplace, marketplaceBenchDefaults, marketplaceBenchLong } from './marketplace/marketplace-bench.ts';
import type { Report } from './measure/report.ts';
import { benchPrices, pricesBenchDefaults, pricesBenchLong } from './prices/prices-bench.ts';
import { benchReindex, reindexBenchDefaults, reindexBenchLong } from './reindex/reindex-bench.ts';
import { benchVendure, vendureBenchDefaults, vendureBenchLong } from './vendure/vendure-bench.ts';

/** Not part of a run of all: whoever wants them asks for them by name. */
export const ON_REQUEST: ReadonlySet<string> = new Set(['vendure']);

/** All there are, by the name one asks for them, in the order they run in. */
export function benchmarks({
  isLong,
  sizes,
  say,
}: {
  isLong: boolean;
  /** Of the catalog, instead of those it has. */
  sizes?: readonly number[] | undefined;
  say(text: string): void;
}): Readonly<Record<string, () => Promise<Report>>> {
  const either = <Options extends object>(usual: Options, long: Options) => ({ ...(isLong ? long : usual), say });
  return {
    gateway: () => benchGateways(either(gatewayBenchDefaults, gatewayBenchLong)),
    fanout: () => benchFanOut({ ...fanOutDefaults, say }),
    cache: () => benchCache(either(cacheBenchDefaults, cacheBenchLong)),
    catalog: () => benchCatalog({ ...either(catalogBenchDefaults, catalogBenchLong), ...(sizes ? { sizes } : {}) }),
    checkout: () => benchCheckout(either(checkoutBenchDefaults, checkoutBenchLong)),
    'flash-sale': () => benchFlashSale(either(flashSaleBenchDefaults, flashSaleBenchLong)),
    prices: () => benchPrices(either(pricesBenchDefaults, pricesBenchLong)),
    import: () => benchImport(either(importBenchDefaults, importBenchLong)),
    reindex: () => benchReindex(either(reindexBenchDefaults, reindexBenchLong)),
    marketplace: () => benchMarketplace(either(marketplaceBenchDefaults, marketplaceBenchLong)),
    vendure: () => benchVendure(either(vendureBenchDefaults, vendureBenchLong)),
  };
}
