import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildSchema, getNamedType, type GraphQLField, isNonNullType } from 'graphql';

/** What an argument of a mutation is called when its type is `IdempotencyKey`. */
export interface KeyedMutation {
  name: string;
  field: GraphQLField<unknown, unknown>;
  keyArgument: string;
  isRequired: boolean;
}

const schema = buildSchema(readFileSync(resolve(import.meta.dirname, '../../../schema/api.graphql'), 'utf8'));

/** Every mutation of the public graph that takes an idempotency key. */
export const keyedMutations: readonly KeyedMutation[] = Object.values(schema.getMutationType()!.getFields()).flatMap(
  (field) => {
    const key = field.args.find(({ type }) => getNamedType(type).name === 'IdempotencyKey');
    return key ? [{ name: field.name, field, keyArgument: key.name, isRequired: isNonNullType(key.type) }] : [];
  },
);

/** The mutation as text: all its arguments are variables, and of its payload what is asked for and the refusals. */
export function keyedOperation({ field }: KeyedMutation, select: string): string {
  const declared = field.args.map(({ name, type }) => `$${name}: ${type.toString()}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  return `mutation(${declared}) { ${field.name}(${passed}) { ${select} userErrors { code message field } } }`;
}
