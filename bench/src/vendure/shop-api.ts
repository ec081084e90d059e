import { Pool } from 'undici';

/**
 * What a buyer asks Vendure's shop API for on the way to an order. The answers
 * are asked for what a cart's page shows, which is what ours are asked for too.
 */
const CART = `
  id code state
  lines { id quantity productVariant { id sku } unitPriceWithTax linePriceWithTax }
  shippingLines { shippingMethod { id name } priceWithTax }
  subTotalWithTax shippingWithTax totalWithTax currencyCode`;
const REFUSAL = '... on ErrorResult { errorCode message }';

const TEXTS = {
  add: `mutation Add($variantId: ID!) {
    answer: addItemToOrder(productVariantId: $variantId, quantity: 1) { ... on Order {${CART} } ${REFUSAL} } }`,
  address: `mutation Address($address: CreateAddressInput!) {
    answer: setOrderShippingAddress(input: $address) { ... on Order {${CART} } ${REFUSAL} } }`,
  shipping: `mutation Shipping($method: [ID!]!) {
    answer: setOrderShippingMethod(shippingMethodId: $method) { ... on Order {${CART} } ${REFUSAL} } }`,
  start: `mutation Start {
    answer: transitionOrderToState(state: "ArrangingPayment") {
      ... on Order { id state } ${REFUSAL} ... on OrderStateTransitionError { transitionError } } }`,
  pay: `mutation Pay($method: String!) {
    answer: addPaymentToOrder(input: { method: $method, metadata: {} }) {
      ... on Order { id code state totalWithTax currencyCode } ${REFUSAL} } }`,
} as const;

type Step = keyof typeof TEXTS;

const ADDRESS = {
  ...{ fullName: 'Bench Buyer', streetLine1: '7 Harbour Street', city: 'Hamburg' },
  ...{ postalCode: '20095', countryCode: 'DE' },
};

/** What a shop has one of, known before anything is measured. */
export interface Methods {
  shippingMethodId: string;
  /** A code. */
  paymentMethod: string;
}

export interface ShopAnswer {
  id?: string;
  state?: string;
  /** Of a refusal. */
  errorCode?: string;
  message?: string;
  transitionError?: string;
}

export interface ShopApi {
  /** Adds one of it to the order of the one who is signed in, and says where it goes. */
  fill(token: string, variantId: string): Promise<'filled' | 'sold out'>;
  /** From the filled order to the one that is paid. */
  pay(token: string): Promise<'paid' | 'sold out'>;
  close(): Promise<void>;
}

/** An answer that is neither what was asked for nor "sold out" is thrown. */
export function connectShop(
  { url, methods }: { url: string; methods: Methods },
  { connections }: { connections: number },
): ShopApi {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });

  const ask = async (token: string, step: Step, variables: object = {}): Promise<ShopAnswer> => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: pathname,
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: TEXTS[step], variables }),
    });
    const text = await body.text();
    const { data, errors } = readAnswer(text);
    if (errors || !data?.answer) throw new Error(`${step}: ${statusCode} ${text.slice(0, 500)}`);
    return data.answer;
  };
  const isSoldOut = (step: Step, answer: ShopAnswer): boolean => {
    if (answer.errorCode === undefined) return false;
    // A transition that is refused has one code for all reasons; the reason is a sentence.
    const isOutOfStock =
      answer.errorCode === 'INSUFFICIENT_STOCK_ERROR' || /insufficient stock/i.test(answer.transitionError ?? '');
    if (isOutOfStock) return true;
    throw new Error(`${step}: ${JSON.stringify(answer)}`);
  };

  return {
    async fill(token, variantId) {
      if (isSoldOut('add', await ask(token, 'add', { variantId }))) return 'sold out';
      if (isSoldOut('address', await ask(token, 'address', { address: ADDRESS }))) return 'sold out';
      const shipping = await ask(token, 'shipping', { method: [methods.shippingMethodId] });
      return isSoldOut('shipping', shipping) ? 'sold out' : 'filled';
    },
    async pay(token) {
      if (isSoldOut('start', await ask(token, 'start'))) return 'sold out';
      const order = await ask(token, 'pay', { method: methods.paymentMethod });
      if (isSoldOut('pay', order)) return 'sold out';
      if (order.state !== 'PaymentSettled') throw new Error(`pay: ${JSON.stringify(order)}`);
      return 'paid';
    },
    close: () => pool.close(),
  };
}

function readAnswer(text: string): { data?: { answer?: ShopAnswer }; errors?: unknown } {
  try {
    return JSON.parse(text) as ReturnType<typeof readAnswer>;
  } catch {
    return { errors: text };
  }
}
