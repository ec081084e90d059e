import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildSchema, type GraphQLField } from 'graphql';
import { Person } from '../../support/person.ts';
import { codesOf } from '../../support/raw-graph.ts';
import type { AccessCast } from './cast-of-access.ts';
import { minimalOperation, type RootKind } from './minimal-operation.ts';
import type { Access } from './root-fields.ts';

const STOCK = 'subscription($ids: [ID!]!) { stockChanged(offerIds: $ids) { cursor } }';
const MAY_BE_SILENT = new Set(['notificationReceived', 'vendorReviewFeed']);

const schema = buildSchema(readFileSync(resolve(import.meta.dirname, '../../../schema/api.graphql'), 'utf8'));

export interface RootField {
  name: string;
  kind: RootKind;
  field: GraphQLField<unknown, unknown>;
}

/** Every root field of the public graph; the one that ends the session it is called in comes last. */
export const everyRootField: readonly RootField[] = (
  [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const
)
  .flatMap(([kind, type]) => Object.values(type?.getFields() ?? {}).map((field) => ({ name: field.name, kind, field })))
  .toSorted((a, b) => Number(a.name === 'logout') - Number(b.name === 'logout'));

/** What somebody gets who calls the field with the ids of Ann and Alpha, or none where it would change something. */
export async function accessOf(
  cast: AccessCast,
  { name, kind, field }: RootField,
  { person, expected }: { person: Person | null; expected: Access | undefined },
): Promise<Access> {
  const { query, variables } = minimalOperation(kind, field, { ...knownFor(cast, name) });
  if (kind === 'subscription') return streamAccess(cast, { name, query, variables, person, expected });
  const answer = await cast.as<Record<string, { userErrors?: { code: string }[] } | null>>(person, query, variables);
  if (answer.codes.length > 0) return accessByCode(name, answer.codes);
  const value = answer.data![name];
  if (value === null) return 'null';
  return value?.userErrors?.some(({ code }) => code === 'FORBIDDEN') ? 'refused' : 'yes';
}

/**
 * Some streams begin with the newest of what there is, and are silent while there is nothing. Whom such a stream should
 * refuse is waited for; whom it should let in has time to be refused until a stream opened later has begun.
 */
async function streamAccess(
  { market, lamp }: AccessCast,
  stream: {
    name: string;
    query: string;
    variables: Record<string, unknown>;
    person: Person | null;
    expected: Access | undefined;
  },
): Promise<Access> {
  const { name, query, variables, person, expected } = stream;
  const viewer = person ?? new Person('nobody', market.url);
  const feed = viewer.watchText(query, variables);
  try {
    if (expected === 'yes' && MAY_BE_SILENT.has(name)) {
      const later = viewer.watchText(STOCK, { ids: [lamp.offerId] });
      await later.find(() => true, 'the later snapshot').finally(() => later.cut());
      if (feed.failure) throw feed.failure;
    } else {
      await feed.find(() => true, 'the snapshot or a refusal');
    }
    return 'yes';
  } catch (error) {
    if (!feed.failure) throw error;
    return accessByCode(name, codesOf(feed.failure));
  } finally {
    await feed.cut();
  }
}

function accessByCode(name: string, codes: readonly string[]): Access {
  const [code, ...more] = codes;
  if (more.length === 0) {
    if (code === 'UNAUTHENTICATED') return 'sign in';
    if (code === 'FORBIDDEN') return 'no';
    // The same for what is not there and for what is somebody else's.
    if (code === 'BAD_USER_INPUT') return 'none such';
  }
  throw new Error(`${name} answered ${codes.join(', ')}`);
}

/** Reads are tried with what there is, and by somebody it does not belong to; changes with ids that nothing has. */
function knownFor(cast: AccessCast, name: string): Record<string, string> {
  const { alpha, lamp, bought, order, annId, cartId } = cast;
  const ids: Record<string, Record<string, string>> = {
    user: { id: annId },
    vendor: { id: alpha.id },
    offer: { id: lamp.offerId },
    product: { id: lamp.productId },
    warehouse: { id: alpha.warehouses[0]! },
    cart: { id: cartId },
    order: { id: bought.orderId },
    orderByNumber: { number: order.number },
    vendorOrder: { id: order.vendorOrders[0]!.id },
    payment: { id: bought.paymentId },
    promotion: { id: 'prm_01J0000000000000000000NONE' },
    category: { id: 'cat_01J0000000000000000000NONE' },
    node: { id: bought.orderId },
    nodes: { ids: bought.orderId },
    availability: { offerIds: lamp.offerId },
    priceChanged: { offerIds: lamp.offerId },
    stockChanged: { offerIds: lamp.offerId },
    cartChanged: { cartId },
    orderStatusChanged: { orderId: bought.orderId },
    paymentStatusChanged: { paymentId: bought.paymentId },
  };
  return { vendorId: alpha.id, ...ids[name] };
}
