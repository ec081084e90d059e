import { orderLoop, type OrderLoop, type OrderLoopResult } from '../checkout/order-loop.ts';
import { serveParent } from '../measure/serve-parent.ts';
import { connectShop, type Methods } from '../vendure/shop-api.ts';

/** Buyers of Vendure who order as fast as they are answered, as `checkout-buyers` are ours. */
async function load({
  url,
  methods,
  ...loop
}: OrderLoop & { url: string; methods: Methods }): Promise<OrderLoopResult> {
  const shop = connectShop({ url, methods }, { connections: loop.tokens.length });
  try {
    return await orderLoop(loop, async (token, variantId) => {
      const filled = await shop.fill(token, variantId);
      if (filled === 'sold out' || (await shop.pay(token)) === 'sold out') throw new Error(`${variantId} is sold out`);
    });
  } finally {
    await shop.close();
  }
}

serveParent({ facts: {}, answer: load as (question: never) => Promise<OrderLoopResult> });
