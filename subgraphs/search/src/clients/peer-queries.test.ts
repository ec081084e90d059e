import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildASTSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { AVAILABILITY } from './availability.ts';
import { PRICES } from './organization-prices.ts';
import { PUBLISHED } from './shown-products.ts';
import { BY_ID, MORE_OFFERS, PAGE, RATINGS } from './product-source.ts';

const FOLDER = resolve(import.meta.dirname, '../../../../schema/subgraphs');
// What every subgraph offers beside its printed contract.
const ENTITIES = `
  scalar _Any
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`;

function schemaOf(subgraph: string) {
  const sdl = readFileSync(resolve(FOLDER, `${subgraph}.graphql`), 'utf8');
  const union = /^type Product\b/m.test(sdl)
    ? `union _Entity = ${/^type Offer\b/m.test(sdl) ? 'Product | Offer' : 'Product'}`
    : 'scalar _Entity';
  return buildASTSchema(parse(sdl + ENTITIES + union), { assumeValidSDL: true });
}

describe('what search asks the others', () => {
  it.each([
    ['catalog', 'a page of products', PAGE],
    ['catalog', 'products by id', BY_ID],
    ['catalog', 'further offers', MORE_OFFERS],
    ['catalog', 'which products are shown', PUBLISHED],
    ['catalog', 'what offers cost an organization', PRICES],
    ['reviews', 'ratings', RATINGS],
    ['inventory', 'availability', AVAILABILITY],
  ])('%s can answer: %s', (subgraph, _, query) => {
    expect(validate(schemaOf(subgraph), parse(query)).map(({ message }) => message)).toEqual([]);
  });
});
