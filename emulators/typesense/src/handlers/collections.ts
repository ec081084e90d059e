import { badRequest, notFound, unsupported } from '../http/api-error.ts';
import { parseJson } from '../http/body.ts';
import type { Route } from '../http/route.ts';
import { type CollectionSchema, stringList } from '../schema/collection-schema.ts';
import { type Field, parseField } from '../schema/field.ts';
import type { Collection } from '../store/collection.ts';
import { rebuild } from '../store/rebuild.ts';

export const collectionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/collections',
    parameters: ['exclude_fields', 'limit', 'offset'],
    handle({ catalog, query }) {
      const all = catalog.collections().map(describe);
      const offset = count(query.get('offset'), 0);
      const page = all.slice(offset, offset + count(query.get('limit'), all.length));
      const excluded = (query.get('exclude_fields') ?? '').split(',');
      return {
        json: page.map((one) => Object.fromEntries(Object.entries(one).filter(([key]) => !excluded.includes(key)))),
      };
    },
  },
  {
    method: 'POST',
    path: '/collections',
    parameters: [],
    handle({ catalog, body }) {
      return { status: 201, json: describe(catalog.createCollection(parseJson(body))) };
    },
  },
  {
    method: 'GET',
    path: '/collections/:collection',
    parameters: [],
    handle: ({ catalog, path }) => ({ json: describe(catalog.collection(path['collection'] ?? '')) }),
  },
  {
    method: 'DELETE',
    path: '/collections/:collection',
    parameters: ['compact_store'],
    async handle({ catalog, path }) {
      const collection = catalog.collection(path['collection'] ?? '');
      return collection.turns.take(async () => {
        if (collection.dropped) throw notFound('Not Found');
        const json = describe(collection);
        await catalog.dropCollection(collection);
        return { json };
      });
    },
  },
  {
    method: 'PATCH',
    path: '/collections/:collection',
    parameters: [],
    async handle({ catalog, path, body }) {
      const collection = catalog.collection(path['collection'] ?? '');
      const input = parseJson(body);
      return collection.turns.take(async () => {
        if (collection.dropped) throw notFound('Not Found');
        const changed = changedSchema(collection.schema, input);
        const sameFields = JSON.stringify(changed.fields) === JSON.stringify(collection.schema.fields);
        if (sameFields) {
          catalog.saveSchema(collection, changed, collection.generation);
          Object.assign(collection.schema, changed);
        } else await rebuild(catalog, collection, changed);
        return { json: input };
      });
    },
  },
];

export function describe(collection: Collection): Record<string, unknown> {
  const { schema } = collection;
  return {
    created_at: collection.createdAt,
    default_sorting_field: schema.default_sorting_field,
    enable_nested_fields: false,
    fields: schema.fields.map((field) => ({
      facet: field.facet,
      index: field.index,
      infix: false,
      locale: '',
      name: field.name,
      ...(field.numDim === undefined ? {} : { num_dim: field.numDim, vec_dist: 'cosine' }),
      optional: field.optional,
      sort: field.sort,
      stem: false,
      stem_dictionary: '',
      store: true,
      type: field.type,
    })),
    ...(schema.metadata === undefined ? {} : { metadata: schema.metadata }),
    name: schema.name,
    num_documents: collection.count,
    symbols_to_index: schema.symbols_to_index,
    synonym_sets: schema.synonym_sets,
    token_separators: schema.token_separators,
  };
}

function changedSchema(schema: CollectionSchema, input: unknown): CollectionSchema {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw badRequest('Bad JSON.');
  const { fields, synonym_sets, metadata, ...rest } = input as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw unsupported(`Changing \`${unknown}\` of a collection`);
  if (fields === undefined && synonym_sets === undefined && metadata === undefined)
    throw badRequest('Alter payload is empty.');
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null))
    throw badRequest('The `metadata` value should be an object.');
  return {
    ...schema,
    ...(fields === undefined ? {} : { fields: changedFields(schema, fields) }),
    ...(synonym_sets === undefined ? {} : { synonym_sets: stringList('synonym_sets', synonym_sets) }),
    ...(metadata === undefined ? {} : { metadata: metadata as object }),
  };
}

function changedFields(schema: CollectionSchema, changes: unknown): Field[] {
  if (!Array.isArray(changes) || changes.length === 0)
    throw badRequest(
      'The `fields` value should be an array of objects containing the field `name` and other properties.',
    );
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  // Drops come first: dropping and adding a name in one request changes that field.
  for (const change of changes as Record<string, unknown>[]) {
    if (change?.['drop'] !== true) continue;
    const name = String(change['name']);
    if (!fields.delete(name)) throw badRequest(`Field \`${name}\` is not part of collection schema.`);
    if (name === schema.default_sorting_field) throw unsupported('Dropping the default sorting field');
  }
  for (const change of changes as Record<string, unknown>[]) {
    if (change?.['drop'] === true) continue;
    const field = parseField(change);
    if (fields.has(field.name)) {
      throw badRequest(
        `Field \`${field.name}\` is already part of the schema: To change this field, drop it first before adding it back to the schema.`,
      );
    }
    fields.set(field.name, field);
  }
  return [...fields.values()];
}

function count(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw badRequest('Parameters `limit` and `offset` must be unsigned integers.');
  return Number(text);
}
