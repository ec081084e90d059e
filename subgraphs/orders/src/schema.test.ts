import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ordersSchema } from './schema.ts';

describe('the schema of orders', () => {
  const { sdl, schema } = ordersSchema();

  it('prints the same every time, and parses', () => {
    expect(ordersSchema().sdl).toBe(sdl);
    expect(print(parse(sdl)).length).toBeGreaterThan(1_000);
  });

  it('describes every type, field, argument and value', () => {
    const bare: string[] = [];
    const note = (name: string, { description }: { description?: string | null }) => {
      if (!description) bare.push(name);
    };
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('_') || ['Query', 'Mutation', 'Subscription'].includes(type.name)) continue;
      if (/^(String|Int|Float|Boolean|ID|federation__|link__)/.test(type.name) || type.name.includes('__')) continue;
      note(type.name, type);
      if (isEnumType(type)) for (const value of type.getValues()) note(`${type.name}.${value.name}`, value);
    }
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.includes('__') || type.name.startsWith('_')) continue;
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        if (field.name.startsWith('_')) continue;
        note(`${type.name}.${field.name}`, field);
        if ('args' in field) for (const arg of field.args) note(`${type.name}.${field.name}(${arg.name})`, arg);
      }
    }
    expect(bare).toEqual([]);
  });

  it('declares as entities what others refer to, and contributes nullable fields to those of others', () => {
    for (const name of ['Cart', 'Order', 'VendorOrder', 'OrderLine', 'Fulfillment']) {
      expect(sdl).toMatch(new RegExp(`type ${name} implements Node @key\\(fields: "id"\\)`));
    }
    const built = buildSchema(sdl, { assumeValidSDL: true });
    for (const name of ['User', 'Vendor']) {
      const type = built.getType(name);
      const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
      const contributed = fields.filter((field) => field.name !== 'id');
      expect(contributed.length).toBeGreaterThan(1);
      expect(contributed.filter((field) => String(field.type).endsWith('!'))).toEqual([]);
    }
  });
});
