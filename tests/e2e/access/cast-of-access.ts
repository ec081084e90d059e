import * as operations from '@marketgraph/schema/generated/operations';
import { aRun, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { accepted, silentReport } from '../../story/report.ts';
import { fillCart, type StartedCheckout } from '../../story/purchase.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask, type RawAnswer } from '../../support/raw-graph.ts';
import { buy, type Listing, listProduct } from '../../support/shop.ts';

/** Ann has bought of both vendors and has a cart, an address and notifications; the others want to see them. */
export interface AccessCast {
  market: TestMarketplace;
  operator: Person;
  alpha: Vendor;
  beta: Vendor;
  /** A vendor Ann has never bought of. */
  gamma: Vendor;
  ann: Person;
  bob: Person;
  lamp: Listing;
  bought: StartedCheckout;
  order: AnnsOrder;
  annId: string;
  cartId: string;
  addressId: string;
  as<Data = Record<string, unknown>>(
    person: Person | null,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<RawAnswer<Data>>;
  stop(): Promise<void>;
}

export interface AnnsOrder {
  number: string;
  vendorOrders: { id: string; vendor: { id: string }; lines: { id: string }[] }[];
}

export async function openAccessCast(shape: 'monolith' | 'processes'): Promise<AccessCast> {
  const market = await startTestMarketplace({
    shape,
    settings: { GATEWAY_LOGIN_PER_ADDRESS: '1000', GATEWAY_LOGIN_PER_ACCOUNT: '1000' },
  });
  const people: Person[] = [];
  const stop = async () => {
    await Promise.all(people.map((person) => person.leave()));
    await market.stop();
  };
  const as: AccessCast['as'] = (person, query, variables = {}) =>
    ask(market.url, query, { variables, token: person?.accessToken });
  try {
    const { graph } = market;
    const run = aRun();
    const operator = await signIn(graph, 'Olga', market.operator);
    const vendors: Vendor[] = [];
    for (const name of ['Alpha', 'Beta', 'Gamma'])
      vendors.push(await registerVendor(graph, { name, run, operator, report: silentReport }));
    const [alpha, beta, gamma] = vendors as [Vendor, Vendor, Vendor];
    const ann = await registerBuyer(graph, 'Ann', run);
    const bob = await registerBuyer(graph, 'Bob', run);
    people.push(operator, ...vendors.map(({ person }) => person), ann, bob);
    const lamp = await listProduct(alpha, operator, { title: 'Brass lamp', sku: 'LAMP', units: 10 });
    const mug = await listProduct(beta, operator, { title: 'Blue mug', sku: 'MUG', units: 10 });
    const bought = await buy(
      graph,
      ann,
      [lamp, mug].map(({ offerId }) => ({ offerId, quantity: 1 })),
    );
    const { cartId } = await fillCart(ann, [{ offerId: lamp.offerId, quantity: 2 }]);
    const { me } = await ann.ask(operations.MeDocument, {});
    const address = await as<{ addressCreate: { address: { id: string } | null; userErrors: [] } }>(
      ann,
      'mutation($input: PostalAddressInput!) { addressCreate(input: $input) { address { id } userErrors { code message } } }',
      { input: { name: 'Ann', line1: '9 Secret Lane', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' } },
    );
    const { addressCreate } = address.data!;
    const whole = await as<{ order: AnnsOrder }>(
      ann,
      'query($id: ID!) { order(id: $id) { number vendorOrders { id vendor { id } lines { id } } } }',
      { id: bought.orderId },
    );
    return {
      ...{ market, operator, alpha, beta, gamma, ann, bob, lamp, bought, cartId, as, stop },
      order: whole.data!.order,
      annId: me!.id,
      addressId: accepted('addressCreate', addressCreate.address, addressCreate.userErrors).id,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
