import { aRun, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import type { StartedCheckout } from '../../story/purchase.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask, type RawAnswer } from '../../support/raw-graph.ts';
import { buy, type Listing, listProduct } from '../../support/shop.ts';

export const NOBODY = '01J0000000000000000000NONE';

/** A shop with something to lose: products, prices, stock, a paid order, a cart. */
export interface AttackedShop {
  market: TestMarketplace;
  operator: Person;
  alpha: Vendor;
  beta: Vendor;
  buyer: Person;
  credentials: { email: string; password: string };
  /** Of Alpha, in euros. */
  lamp: Listing;
  /** Of Beta, in dollars. */
  kettle: Listing;
  /** One lamp, by the buyer. */
  bought: StartedCheckout;
  as<Data = Record<string, unknown>>(
    person: Person | null,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<RawAnswer<Data>>;
  /** Every code it was refused with, of the request and of the mutation, and whether anything is other than before. */
  attempt(
    person: Person,
    query: string,
    variables: Record<string, unknown>,
  ): Promise<{ codes: string[]; changed: boolean }>;
  stop(): Promise<void>;
}

export async function openAttackedShop(shape: 'monolith' | 'processes'): Promise<AttackedShop> {
  const market = await startTestMarketplace({ shape, settings: { GATEWAY_LOGIN_PER_ADDRESS: '1000' } });
  const people: Person[] = [];
  const stop = async () => {
    await Promise.all(people.map((person) => person.leave()));
    await market.stop();
  };
  try {
    const run = aRun();
    const operator = await signIn(market.graph, 'Olga', market.operator);
    const alpha = await registerVendor(market.graph, { name: 'Alpha', run, operator, report: silentReport });
    const beta = await registerVendor(market.graph, { name: 'Beta', run, operator, report: silentReport });
    const buyer = await registerBuyer(market.graph, 'Bea', run);
    people.push(operator, alpha.person, beta.person, buyer);
    const lamp = await listProduct(alpha, operator, { title: 'Brass lamp', sku: 'LAMP', units: 10 });
    const dollars = { amount: 1_900, currencyCode: 'USD' };
    const kettle = await listProduct(beta, operator, { title: 'Kettle', sku: 'KETTLE', units: 10, price: dollars });
    const bought = await buy(market.graph, buyer, [{ offerId: lamp.offerId, quantity: 1 }]);
    const credentials = { email: `bea-${run}@story.example`, password: 'a long enough secret' };

    const as: AttackedShop['as'] = (person, query, variables = {}) =>
      ask(market.url, query, { variables, token: person?.accessToken });

    const state = async (): Promise<string> => {
      const views = [
        await as(alpha.person, VENDOR_VIEW, { product: lamp.productId, offer: lamp.offerId, vendor: alpha.id }),
        await as(buyer, BUYER_VIEW),
      ];
      for (const { errors } of views) if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return JSON.stringify(views.map(({ data }) => data));
    };

    const attempt: AttackedShop['attempt'] = async (person, query, variables) => {
      const before = await state();
      const answer = await as<Record<string, { userErrors?: { code: string }[] }>>(person, query, variables);
      const told = Object.values(answer.data ?? {}).flatMap((payload) => payload?.userErrors ?? []);
      const codes = [...new Set([...answer.codes, ...told.map(({ code }) => code)])];
      return { codes, changed: (await state()) !== before };
    };
    return { market, operator, alpha, beta, buyer, credentials, lamp, kettle, bought, as, attempt, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const VENDOR_VIEW = `query($product: ID!, $offer: ID!, $vendor: ID!) {
  product(id: $product) { title status version }
  offer(id: $offer) { version price { amount currencyCode } tiers { minQuantity } stockLevels { id onHand reserved available version } }
  vendor(id: $vendor) {
    offers(first: 100) { edges { node { id sku } } }
    orders(first: 100) { edges { node { id status version } } }
    priceLists(first: 100) { edges { node { id version } } }
  }
}`;
const BUYER_VIEW = `{
  me {
    orders(first: 100) { edges { node { id status } } }
    cart { version lines { quantity offer { id } } }
  }
}`;
