import { inLanes } from '@marketgraph/tests/support/lanes';
import type { Methods } from './shop-api.ts';

export interface VendureApis {
  shopApi: string;
  adminApi: string;
  /** Of the superadmin. */
  password: string;
}

export interface VendureShop {
  methods: Methods;
  /** One variant of a product each, with stock that is tracked. */
  variantIds: string[];
  /** Of customers who are signed in, in the order they were asked for. */
  tokens: string[];
}

const AT_ONCE = 8;
const TOKEN_HEADER = 'vendure-auth-token';

/** Through its own APIs, as an operator and customers would. */
export async function openVendureShop(
  apis: VendureApis,
  { units, buyers }: { units: readonly number[]; buyers: number },
): Promise<VendureShop> {
  const { token: admin } = await signIn(apis.adminApi, { username: 'superadmin', password: apis.password });
  const known = await ask<{
    shippingMethods: { items: { id: string }[] };
    paymentMethods: { items: { code: string }[] };
  }>(apis.adminApi, '{ shippingMethods { items { id } } paymentMethods { items { code } } }', {}, admin);
  const variantIds = await inLanes(units, AT_ONCE, (stockOnHand, number) =>
    listOne(apis.adminApi, admin, { number, stockOnHand }),
  );
  const numbers = Array.from({ length: buyers }, (_, number) => number);
  const tokens = await inLanes(numbers, AT_ONCE, (number) => register(apis.shopApi, number));
  return {
    methods: {
      shippingMethodId: known.shippingMethods.items[0]!.id,
      paymentMethod: known.paymentMethods.items[0]!.code,
    },
    variantIds,
    tokens,
  };
}

async function listOne(
  url: string,
  token: string,
  { number, stockOnHand }: { number: number; stockOnHand: number },
): Promise<string> {
  const name = `Thing ${number}`;
  const { createProduct } = await ask<{ createProduct: { id: string } }>(
    url,
    'mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }',
    {
      input: {
        enabled: true,
        translations: [{ languageCode: 'en', name, slug: `thing-${number}`, description: name }],
      },
    },
    token,
  );
  const { createProductVariants } = await ask<{ createProductVariants: { id: string }[] }>(
    url,
    'mutation ($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }',
    {
      input: [
        {
          ...{ productId: createProduct.id, sku: `thing-${number}`, price: 1_000, stockOnHand, trackInventory: 'TRUE' },
          translations: [{ languageCode: 'en', name }],
        },
      ],
    },
    token,
  );
  return createProductVariants[0]!.id;
}

async function register(url: string, number: number): Promise<string> {
  const [username, password] = [`buyer-${number}@bench.example`, `secret-${number}`];
  const { registerCustomerAccount: answer } = await ask<{ registerCustomerAccount: { success?: boolean } }>(
    url,
    `mutation ($input: RegisterCustomerInput!) {
       registerCustomerAccount(input: $input) { ... on Success { success } ... on ErrorResult { errorCode message } } }`,
    { input: { emailAddress: username, firstName: 'Bench', lastName: `Buyer ${number}`, password } },
  );
  if (!answer.success) throw new Error(`Vendure registers no customer: ${JSON.stringify(answer)}`);
  return (await signIn(url, { username, password })).token;
}

async function signIn(url: string, credentials: { username: string; password: string }): Promise<{ token: string }> {
  const { answer, token } = await post<{ login: { id?: string } }>(
    url,
    `mutation ($username: String!, $password: String!) {
       login(username: $username, password: $password) { ... on CurrentUser { id } ... on ErrorResult { message } } }`,
    credentials,
  );
  if (!answer.login.id || !token) throw new Error(`Vendure signs nobody in: ${JSON.stringify(answer)}`);
  return { token };
}

async function ask<Data>(url: string, query: string, variables: object, token?: string): Promise<Data> {
  return (await post<Data>(url, query, variables, token)).answer;
}

async function post<Data>(
  url: string,
  query: string,
  variables: object,
  token?: string,
): Promise<{ answer: Data; token: string | null }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const { data, errors } = JSON.parse(text) as { data?: Data | null; errors?: unknown };
  if (errors || !data) throw new Error(`Vendure answered ${response.status} ${text.slice(0, 500)}`);
  return { answer: data, token: response.headers.get(TOKEN_HEADER) };
}
