import {
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';

export type RootKind = 'query' | 'mutation' | 'subscription';

const NOBODY = '01J0000000000000000000NONE';

/** Values of scalars that are right as such; what they name does not exist. */
const SCALARS: Readonly<Record<string, unknown>> = {
  ID: `xxx_${NOBODY}`,
  String: 'x',
  Int: 1,
  Float: 1,
  Boolean: true,
  MinorUnits: 100,
  BasisPoints: 100,
  CurrencyCode: 'EUR',
  CountryCode: 'DE',
  LanguageTag: 'en',
  DateTime: '2026-01-01T00:00:00.000Z',
  URL: 'https://shop.example/',
  JSON: {},
};

let keys = 0;

/**
 * The smallest operation that reaches a root field: required arguments only,
 * and those that `known` names, whether required or not.
 */
export function minimalOperation(
  kind: RootKind,
  field: GraphQLField<unknown, unknown>,
  known: Readonly<Record<string, string>>,
): { query: string; variables: Record<string, unknown> } {
  const used = field.args.filter(
    (arg) => (isNonNullType(arg.type) && arg.defaultValue === undefined) || arg.name in known,
  );
  const variables = Object.fromEntries(used.map(({ name, type }) => [name, minimalValue(type, name, known)]));
  const declared = used.map(({ name, type }) => `$${name}: ${type.toString()}`).join(', ');
  const passed = used.map(({ name }) => `${name}: $${name}`).join(', ');
  return {
    query: `${kind}${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`} ${selectionOf(field)} }`,
    variables,
  };
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return '';
  const refusals = 'getFields' in type && 'userErrors' in type.getFields() ? ' userErrors { code }' : '';
  return `{ __typename${refusals} }`;
}

function minimalValue(type: GraphQLInputType, name: string, known: Readonly<Record<string, string>>): unknown {
  if (isNonNullType(type)) return minimalValue(type.ofType, name, known);
  if (isListType(type)) return [minimalValue(type.ofType, name, known)];
  if (name in known) return known[name];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => (isNonNullType(field.type) && field.defaultValue === undefined) || field.name in known,
    );
    return Object.fromEntries(fields.map((field) => [field.name, minimalValue(field.type, field.name, known)]));
  }
  if (type.name === 'IdempotencyKey') return `access-test-${(keys += 1)}`;
  if (!(type.name in SCALARS)) throw new Error(`no value for the scalar ${type.name}`);
  return SCALARS[type.name];
}
