import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { fetchShapes } from './fetch-shape.ts';

const LINK = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@composeDirective"])
  @link(url: "https://marketgraph.example/gateway/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
  directive @cacheControl(maxAge: Int!) on OBJECT | FIELD_DEFINITION`;

const catalog = `${LINK}
  interface Node { id: ID! }
  type Product implements Node @key(fields: "id") @key(fields: "vendor { id } sku") {
    id: ID!
    sku: String! @cacheControl(maxAge: 60)
    title(language: String): String! @cacheControl(maxAge: 60)
    price: Money @cacheControl(maxAge: 30)
    cost: Int
    vendor: Vendor @cacheControl(maxAge: 60)
    variants: [Variant!] @cacheControl(maxAge: 60)
    draftNotes: Note
    anything: Thing @cacheControl(maxAge: 60)
  }
  type Money @shareable { amount: Int! currency: String! exact: Exact }
  type Exact @shareable { digits: String! }
  type Note { text: String! }
  type Variant implements Node @key(fields: "id") { id: ID! title: String! @cacheControl(maxAge: 60) }
  type Vendor @key(fields: "id") { id: ID! }
  union Thing = Variant | Badge
  type Badge @cacheControl(maxAge: 10) { text: String! }
  type Query {
    product(id: ID, slug: String): Product @cacheControl(maxAge: 60)
    products: [Product!]! @cacheControl(maxAge: 60)
    secret: Product
    now: String @cacheControl(maxAge: 60)
    stats: Money @cacheControl(maxAge: 60)
  }`;

const inventory = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
  type Product @key(fields: "id") { id: ID! threshold: Int }`;

const composed = composeServices([
  { name: 'catalog', typeDefs: parse(catalog), url: '' },
  { name: 'inventory', typeDefs: parse(inventory), url: '' },
]);
const shapes = fetchShapes(Supergraph.build(composed.supergraphSdl!, { supportedFeatures: null }));
const secondsOf = (query: string) => {
  const shape = shapes.of(query);
  return shape && shape.maxAgeMs / 1_000;
};
const entitiesOf = (selection: string) =>
  `query($representations:[_Any!]!){_entities(representations:$representations){${selection}}}`;
const entities = (selection: string) => secondsOf(entitiesOf(selection));

describe('which fetches are public', () => {
  it.each([
    ['plain fields that say so', '...on Product{title}', 60],
    ['the least of all', '...on Product{title price{amount}}', 30],
    ['parts of a value say what the field says that leads to them', '...on Product{price{amount exact{digits}}}', 30],
    ['every alternative', '...on Product{title}...on Variant{title}', 60],
    ['another entity that says which it is', '...on Product{title variants{id title}}', 60],
    ['a key besides', '...on Product{id sku}', 60],
    ['a reference by its key', '...on Product{vendor{id}}', 60],
    ['with type names', '__typename ...on Product{__typename title}', 60],
    ['each type of a union', '...on Product{anything{...on Badge{text}...on Variant{id}}}', 10],
  ])('%s', (_, selection, seconds) => {
    expect(entities(selection)).toBe(seconds);
  });

  it.each([
    ['a field that says nothing', '...on Product{title cost}'],
    ['a field of another subgraph that says nothing', '...on Product{threshold}'],
    ['a value behind a field that says nothing', '...on Product{title draftNotes{text}}'],
    ['keys alone, which say nothing', '...on Product{id}'],
    ['a field nobody knows', '...on Product{title nonsense}'],
    ['a type nobody knows', '...on Nonsense{title}'],
    ['one alternative that is not', '...on Product{title}...on Vendor{id secret}'],
  ])('not %s', (_, selection) => {
    expect(entities(selection)).toBeNull();
  });

  it.each([
    ['an entity by its id', 'query($id:ID){product(id:$id){title}}'],
    ['an entity by an id that is written out', '{product(id:"p1"){title}}'],
    ['an entity that says its id', '{product(slug:"a"){id title}}'],
    ['an entity that says its id by another name', '{product(slug:"a"){own:id title}}'],
    ['what is said in fragments', '{product(id:"p1"){...F}} fragment F on Product{title price{amount}}'],
    ['an entity of a list by its key', entitiesOf('...on Product{title variants{id title}}')],
  ])('that events can name: %s', (_, query) => {
    expect(shapes.of(query)).toMatchObject({ isUnnamed: false });
  });

  it.each([
    ['an entity that does not say which it is', '{product(slug:"a"){title}}'],
    ['a list that grows', '{products{id title}}'],
    ['a value of nothing', '{stats{amount}}'],
    ['a plain value', '{now}'],
    ['a nested entity that does not say which it is', '{product(id:"p1"){title variants{title}}}'],
    ['the same of an entity by its key', entitiesOf('...on Product{title variants{title}}')],
    ['one type of a union', entitiesOf('...on Product{anything{...on Badge{text}...on Variant{title}}}')],
  ])('that any event may be about: %s', (_, query) => {
    expect(shapes.of(query)).toMatchObject({ isUnnamed: true });
  });

  it.each(['{secret{title}}', '{product(id:"p1"){cost}}', '{now secret{id}}', 'mutation{change}', '{__typename}'])(
    'and never %s',
    (query) => {
      expect(secondsOf(query)).toBeNull();
    },
  );

  it('knows where ids stand, in the answer and in the question', () => {
    const shape = shapes.of('query($key:ID){product(id:$key){title variants{id} same:vendor{id}}}');
    expect([...shape!.idNames]).toEqual(['id']);
    expect(shape!.idVariables).toEqual(['key']);
    expect(shapes.of('{product(id:"p1"){title}}')!.ids).toEqual(['p1']);
  });

  it('tells the same question of two operations by no name', () => {
    const [one, other, third] = ['query One', 'query Other', 'query'].map((head) =>
      shapes.of(`${head}($id:ID){product(id:$id){price{amount}}}`),
    );
    expect(one!.id).toBe(other!.id);
    expect(third!.id).toBe(one!.id);
    expect(shapes.of('query One($id:ID){product(id:$id){price{currency}}}')!.id).not.toBe(one!.id);
  });
});
