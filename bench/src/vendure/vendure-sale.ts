import { inLanes } from '@marketgraph/tests/support/lanes';
import { withDatabase } from '../checkout/databases.ts';
import type { SaleMode } from './market.ts';
import { connectShop } from './shop-api.ts';
import type { VendureShop } from './vendure-shop.ts';

export interface VendureSale {
  shop: Pick<VendureShop, 'methods'> & { shopApi: string };
  variantId: string;
  tokens: readonly string[];
  /** Buyers who are at it at the same time. */
  inFlight: number;
  mode: SaleMode;
}

export interface VendureSaleResult {
  /** Whose order is paid, by what they were told. */
  confirmed: number;
  soldOut: number;
  /** Anything but a purchase or "sold out", in words. */
  surprises: readonly string[];
  /** From asking to "sold out", in milliseconds. */
  soldOutAfterMs: readonly number[];
  seconds: number;
}

/** As many as ours are filled at a time before a prepared sale. */
const FILLED_AT_ONCE = 32;

/** Everybody wants the same thing at the same moment: what `holdFlashSale` does with ours. */
export async function holdVendureSale(sale: VendureSale): Promise<VendureSaleResult> {
  const { variantId, tokens, inFlight, mode } = sale;
  const { shopApi: url, methods } = sale.shop;
  const shop = connectShop({ url, methods }, { connections: inFlight });
  try {
    if (mode === 'prepared') {
      await inLanes(tokens, FILLED_AT_ONCE, async (token) => {
        if ((await shop.fill(token, variantId)) !== 'filled') throw new Error('Sold out before the sale began');
      });
    }
    const [surprises, soldOutAfterMs]: [string[], number[]] = [[], []];
    let confirmed = 0;
    const begin = performance.now();
    await inLanes(tokens, inFlight, async (token) => {
      const asked = performance.now();
      try {
        const hasCart = mode === 'prepared' || (await shop.fill(token, variantId)) === 'filled';
        if (hasCart && (await shop.pay(token)) === 'paid') confirmed += 1;
        else soldOutAfterMs.push(performance.now() - asked);
      } catch (error) {
        surprises.push(error instanceof Error ? error.message : String(error));
      }
    });
    const seconds = (performance.now() - begin) / 1_000;
    return { confirmed, soldOut: soldOutAfterMs.length, surprises, soldOutAfterMs, seconds };
  } finally {
    await shop.close();
  }
}

export interface SoldInVendure {
  /** Units in orders that are paid for. */
  sold: number;
  onHand: number;
  /** Set aside for orders that are paid for and not yet sent. */
  allocated: number;
}

/** What became of one variant, by what its database has. */
export async function soldInVendure(databaseUrl: string, variantId: string): Promise<SoldInVendure> {
  return withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<Record<keyof SoldInVendure, string>>(
      `select (select coalesce(sum(line.quantity), 0)
                 from order_line line join "order" o on o.id = line."orderId"
                where line."productVariantId" = $1 and o.state in ('PaymentAuthorized', 'PaymentSettled')) as sold,
              coalesce(sum("stockOnHand"), 0) as "onHand", coalesce(sum("stockAllocated"), 0) as allocated
         from stock_level where "productVariantId" = $1`,
      [variantId],
    );
    const [row] = rows;
    return { sold: Number(row?.sold), onHand: Number(row?.onHand), allocated: Number(row?.allocated) };
  });
}
