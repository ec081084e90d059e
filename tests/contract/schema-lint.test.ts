import { type FieldDefinitionNode, Kind, print, type TypeNode, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import { fieldsOf, keyFieldsOf, objectTypesOf, printedSchemas } from '../support/printed-schemas.ts';

const SUBGRAPHS = ['accounts', 'catalog', 'graph', 'inventory', 'orders', 'payments', 'reviews', 'search'];

/** Who declares an entity; every other subgraph that gives it fields extends it. */
const OWNERS: Readonly<Record<string, string>> = {
  User: 'accounts',
  Organization: 'accounts',
  Vendor: 'accounts',
  Product: 'catalog',
  ProductVariant: 'catalog',
  Offer: 'catalog',
  Category: 'catalog',
  CatalogImport: 'catalog',
  Warehouse: 'inventory',
  StockLevel: 'inventory',
  Reservation: 'inventory',
  Cart: 'orders',
  Order: 'orders',
  VendorOrder: 'orders',
  OrderLine: 'orders',
  Payment: 'payments',
  Review: 'reviews',
};

/** Lists of entities that are no connection, and why each of them stays short. */
const SHORT_LISTS: Readonly<Record<string, string>> = {
  'Category.children': 'a level of the tree that an operator keeps',
  'Query.categories': 'a level of the tree that an operator keeps',
  'Product.variants': 'at most 100 of a product, checked when it is made',
  'ProductVariant.offers': 'the ten best offers; Product.offers is the connection',
  'Offer.stockLevels': 'one per warehouse of one vendor',
  'Vendor.warehouses': 'buildings: a vendor runs a few',
  'Order.vendorOrders': 'one per vendor in a cart of at most 500 lines',
  'Order.lines': 'a cart has at most 500',
  'VendorOrder.lines': 'a cart has at most 500',
  'VendorOrder.fulfillments': 'at most one per unit line, all of them shown together',
  'VendorOrder.returns': 'at most 20 of a vendor order, checked when one is asked for',
  'Payment.transactions': 'a handful of attempts on one payment',
  'Payout.settlements': 'a payout is made of at most 50',
  'Order.refunds': 'at most 200 of a payment, checked when one is asked for',
  'Query.ledgerAccounts': 'the chart of accounts of one owner',
  'Query.commissionRules': 'kept by an operator',
  'User.addresses': 'an address book has at most 50',
  'Organization.addresses': 'an address book has at most 50',
  'Product.related': 'as many as were asked for, at most 50',
  'Product.alsoBought': 'as many as were asked for, at most 50',
  'User.recommendations': 'as many as asked for, at most 50',
  'User.memberships': 'the few organisations and vendors a person works for',
  'Query.nodes': 'as many as were asked for, at most 100',
};

/** Sign-in has no noun: these four are what every client calls them. */
const SESSION_MUTATIONS = new Set(['register', 'login', 'refreshSession', 'logout']);

/** They answer whether they were heard; there is nothing in them that could be refused. */
const CANNOT_BE_REFUSED = new Set(['logout', 'searchEventTrack']);

/** Every schema has them, and a sentence about them would say nothing. */
const ROOT_TYPES = new Set(['Query', 'Mutation', 'Subscription']);

const MUTATION_VERBS =
  'accept|add|adjust|admit|apply|approve|archive|cancel|capture|complete|confirm|create|delete|moderate|rebuild|reconcile|refund|reject|release|remove|reply|request|reserve|reset|revert|review|revoke|rollback|select|set|settle|ship|start|submit|suspend|reindex|sync|track|transfer|update|upsert|verify|void|vote|read|issue|invite|merge|decide|receive|detach|onboard|schedule|report|dismiss';

const namedType = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type));
const isList = (type: TypeNode): boolean =>
  type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));

describe('the printed schemas', () => {
  it('are those of the seven subgraphs and of the gateway', () => {
    expect(printedSchemas.map(({ name }) => name)).toEqual(SUBGRAPHS);
  });

  it.each(printedSchemas)('describe everything in $name: types, fields, arguments, inputs, enum values', (schema) => {
    const silent: string[] = [];
    const path: string[] = [];
    visit(schema.document, {
      enter(node) {
        if (!isDescribable(node.kind) || !('name' in node) || !node.name) return;
        path.push(node.name.value);
        const { description } = node as { description?: { value: string } };
        if (!ROOT_TYPES.has(path.join('.')) && !description?.value.trim()) silent.push(path.join('.'));
      },
      leave(node) {
        if (isDescribable(node.kind)) path.pop();
      },
    });
    expect(silent).toEqual([]);
  });

  it.each(printedSchemas)(
    'name mutations of $name noun first, and let each answer with its payload',
    ({ document }) => {
      const wrong = fieldsOf(document, 'Mutation').flatMap(({ name, type }) => {
        const complaints: string[] = [];
        const nounVerb = new RegExp(`^[a-z][A-Za-z]*(${titled(MUTATION_VERBS)})([A-Z][a-z]+)?$`);
        if (!SESSION_MUTATIONS.has(name.value) && !nounVerb.test(name.value)) complaints.push('is not nounVerb');
        if (!/^\w+Payload!$/.test(print(type))) complaints.push(`answers ${print(type)}, not a payload`);
        const userErrors = fieldsOf(document, namedType(type)).find((field) => field.name.value === 'userErrors');
        if (CANNOT_BE_REFUSED.has(name.value)) return complaints.map((complaint) => `${name.value} ${complaint}`);
        if (!userErrors || print(userErrors.type) !== '[UserError!]!') complaints.push('has no userErrors');
        return complaints.map((complaint) => `${name.value} ${complaint}`);
      });
      expect(wrong).toEqual([]);
    },
  );

  it('let a refused mutation answer: what changed is nullable in every payload', () => {
    const wrong = printedSchemas.flatMap(({ document }) =>
      fieldsOf(document, 'Mutation').flatMap(({ type }) =>
        fieldsOf(document, namedType(type))
          .filter(({ name }) => name.value !== 'userErrors')
          .filter((field) => field.type.kind === Kind.NON_NULL_TYPE && isObject(field))
          .map(({ name }) => `${namedType(type)}.${name.value}`),
      ),
    );
    expect([...new Set(wrong)]).toEqual([]);
  });

  const entities = new Set(
    printedSchemas.flatMap(({ document }) =>
      objectTypesOf(document)
        .filter((type) => keyFieldsOf(type).size > 0)
        .map(({ name }) => name.value),
    ),
  );
  const isObject = (field: FieldDefinitionNode) => entities.has(namedType(field.type));

  it('page every list of entities that can grow: the others are listed with the reason', () => {
    const plain = printedSchemas.flatMap(({ document }) =>
      objectTypesOf(document).flatMap((type) =>
        (type.fields ?? [])
          .filter((field) => isList(field.type) && (isObject(field) || namedType(field.type) === 'Node'))
          .map((field) => `${type.name.value}.${field.name.value}`),
      ),
    );
    expect(plain.filter((field) => !(field in SHORT_LISTS))).toEqual([]);
    expect(Object.keys(SHORT_LISTS).filter((field) => !plain.includes(field))).toEqual([]);
  });

  it.each(printedSchemas)('give every connection of $name edges, a cursor and a page', ({ document }) => {
    for (const { name } of objectTypesOf(document).filter((type) => type.name.value.endsWith('Connection'))) {
      const shape = Object.fromEntries(fieldsOf(document, name.value).map((field) => [field.name.value, field.type]));
      expect(print(shape['pageInfo']!), name.value).toBe('PageInfo!');
      const edge = fieldsOf(document, namedType(shape['edges']!)).map((field) => field.name.value);
      expect(edge, name.value).toEqual(expect.arrayContaining(['node', 'cursor']));
    }
  });

  it.each(printedSchemas)(
    'keep what $name contributes to entities of others nullable',
    ({ name: subgraph, document }) => {
      const wrong = objectTypesOf(document).flatMap((type) => {
        const owner = OWNERS[type.name.value];
        if (owner === undefined || owner === subgraph) return [];
        const keys = keyFieldsOf(type);
        return (type.fields ?? [])
          .filter(({ name }) => !keys.has(name.value))
          .filter(({ directives }) => !directives?.some(({ name }) => name.value === 'external'))
          .filter((field) => field.type.kind === Kind.NON_NULL_TYPE)
          .map(({ name }) => `${type.name.value}.${name.value}`);
      });
      expect(wrong).toEqual([]);
    },
  );

  it('let at most one subgraph declare the fields of an entity as its owner', () => {
    const foreign = printedSchemas.flatMap(({ name: subgraph, document }) =>
      objectTypesOf(document)
        .filter((type) => keyFieldsOf(type).size > 0 && OWNERS[type.name.value] === undefined)
        .filter((type) =>
          (type.fields ?? []).some(
            (field) => field.type.kind === Kind.NON_NULL_TYPE && !keyFieldsOf(type).has(field.name.value),
          ),
        )
        .map((type) => ({ type: type.name.value, subgraph })),
    );
    const declaring = Map.groupBy(foreign, ({ type }) => type);
    expect([...declaring].filter(([, by]) => by.length > 1).map(([type]) => type)).toEqual([]);
  });

  it.each(printedSchemas)('let $name say of no mutation with a key that it needs none', ({ document }) => {
    const both = fieldsOf(document, 'Mutation')
      .filter(({ directives }) => directives?.some(({ name }) => name.value === 'idempotent'))
      .filter(({ arguments: args }) => args?.some(({ type }) => namedType(type) === 'IdempotencyKey'));
    expect(both.map(({ name }) => name.value)).toEqual([]);
  });

  it.each(printedSchemas)('let every subscription of $name be resumed, and tell its kind', ({ document }) => {
    for (const field of fieldsOf(document, 'Subscription')) {
      const event = fieldsOf(document, namedType(field.type)).map(({ name }) => name.value);
      expect(event, field.name.value).toEqual(expect.arrayContaining(['cursor', 'occurredAt', 'kind']));
      expect(
        field.arguments?.map(({ name }) => name.value),
        field.name.value,
      ).toContain('after');
    }
  });
});

function isDescribable(kind: string): boolean {
  return /^(ObjectType|InterfaceType|UnionType|EnumType|EnumValue|InputObjectType|InputValue|ScalarType|Field)Definition$/.test(
    kind,
  );
}

function titled(verbs: string): string {
  return verbs.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
