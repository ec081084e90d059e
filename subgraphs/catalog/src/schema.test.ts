import { isObjectType, type GraphQLNamedType, isEnumType, isInputObjectType, isInterfaceType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { catalogSchema } from './schema.ts';

const { schema, sdl } = catalogSchema();
const types = Object.values(schema.getTypeMap()).filter(
  ({ name }) =>
    !name.startsWith('__') &&
    !/^(_.*|String|Int|Float|Boolean|ID|federation__.*|link__.*|Query|Mutation|Subscription)$/.test(name),
);

describe('the schema', () => {
  it('describes every type, field, argument, input field and enum value', () => {
    const bare: string[] = [];
    const look = (name: string, thing: { description?: string | null }) => thing.description || bare.push(name);
    for (const type of types) {
      look(type.name, type);
      for (const [name, part] of partsOf(type)) look(name, part);
    }
    for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
      for (const [name, part] of partsOf(root!)) if (!name.includes('._')) look(name, part);
    }
    expect(bare).toEqual([]);
  });

  it('is printed the same every time, with its keys', () => {
    expect(catalogSchema().sdl).toBe(sdl);
    expect(sdl).toContain('type Offer implements Node @key(fields: "id") @key(fields: "vendor { id } sku")');
  });

  it('lets every mutation answer with userErrors', () => {
    for (const field of Object.values(schema.getMutationType()!.getFields())) {
      const payload = schema.getType(String(field.type).replace('!', ''));
      expect(isObjectType(payload) && String(payload.getFields()['userErrors']?.type)).toBe('[UserError!]!');
    }
  });
});

function partsOf(type: GraphQLNamedType): [string, { description?: string | null }][] {
  if (isEnumType(type)) return type.getValues().map((value) => [`${type.name}.${value.name}`, value]);
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map((field) => [`${type.name}.${field.name}`, field]);
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    [`${type.name}.${field.name}`, field] as [string, { description?: string | null }],
    ...field.args.map((arg): [string, { description?: string | null }] => [
      `${type.name}.${field.name}(${arg.name})`,
      arg,
    ]),
  ]);
}
