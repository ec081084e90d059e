import { badRequest, notFound } from '../http/api-error.ts';
import { parseJson } from '../http/body.ts';
import type { Call, Route } from '../http/route.ts';
import { project } from '../search/project.ts';
import type { Collection, WriteAction } from '../store/collection.ts';
import { changeMatching } from './matching-documents.ts';
import { readAction, readDirtyValues, readFlag, readNames } from './write-parameters.ts';

export const documentRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/collections/:collection/documents',
    parameters: ['action', 'dirty_values'],
    handle: async (call) => ({ status: 201, json: await writeOne(call, readAction(call.query, 'create'), undefined) }),
  },
  {
    method: 'PATCH',
    path: '/collections/:collection/documents',
    parameters: ['filter_by', 'action', 'dirty_values'],
    async handle(call) {
      const filterBy = call.query.get('filter_by') ?? '';
      if (filterBy === '') throw badRequest('Parameter `filter_by` must be provided.');
      const changes = parseJson(call.body);
      if (typeof changes !== 'object' || changes === null || Array.isArray(changes))
        throw badRequest('Bad JSON: not a properly formed document.');
      if ('id' in changes) throw badRequest('An update by `filter_by` cannot change the `id`.');
      const dirtyValues = readDirtyValues(call.query);
      const collection = collectionOf(call);
      const updated = await changeMatching(call.catalog, collection, filterBy, ({ document }) => {
        collection.write({ document: { ...changes, id: document.id }, action: 'update', dirtyValues });
      });
      return { json: { num_updated: updated } };
    },
  },
  {
    method: 'DELETE',
    path: '/collections/:collection/documents',
    parameters: ['filter_by', 'batch_size', 'truncate', 'ignore_not_found', 'return_doc', 'return_id'],
    async handle(call) {
      const truncate = readFlag(call.query, 'truncate');
      const filterBy = call.query.get('filter_by') ?? '';
      if (!truncate && filterBy === '') throw badRequest('Parameter `filter_by` must be provided.');
      const collection = collectionOf(call);
      const documents: object[] = [];
      const ids: string[] = [];
      const deleted = await changeMatching(call.catalog, collection, truncate ? '' : filterBy, (found) => {
        collection.remove(found);
        if (readFlag(call.query, 'return_doc')) documents.push(found.document);
        if (readFlag(call.query, 'return_id')) ids.push(found.document.id);
      });
      return {
        json: {
          num_deleted: deleted,
          ...(documents.length > 0 ? { documents } : {}),
          ...(ids.length > 0 ? { ids } : {}),
        },
      };
    },
  },
  {
    method: 'GET',
    path: '/collections/:collection/documents/:id',
    parameters: ['include_fields', 'exclude_fields'],
    handle(call) {
      const found = findOne(collectionOf(call), call.path['id'] ?? '');
      const includeFields = readNames(call.query, 'include_fields');
      return {
        json: project(found.document, { includeFields, excludeFields: readNames(call.query, 'exclude_fields') }),
      };
    },
  },
  {
    method: 'PATCH',
    path: '/collections/:collection/documents/:id',
    parameters: ['action', 'dirty_values'],
    handle: async (call) => ({ json: await writeOne(call, readAction(call.query, 'update'), call.path['id']) }),
  },
  {
    method: 'DELETE',
    path: '/collections/:collection/documents/:id',
    parameters: ['ignore_not_found'],
    async handle(call) {
      const collection = collectionOf(call);
      const id = call.path['id'] ?? '';
      return collection.turns.take(() =>
        collection.transaction(() => {
          if (readFlag(call.query, 'ignore_not_found') && collection.find(id) === undefined) return { json: { id } };
          const found = findOne(collection, id);
          collection.remove(found);
          return { json: found.document };
        }),
      );
    },
  },
];

function collectionOf(call: Call): Collection {
  return call.catalog.collection(call.path['collection'] ?? '');
}

function findOne(collection: Collection, id: string): NonNullable<ReturnType<Collection['find']>> {
  const found = collection.find(id);
  if (found === undefined) throw notFound(`Could not find a document with id: ${id}`);
  return found;
}

async function writeOne(call: Call, action: WriteAction, id: string | undefined): Promise<object> {
  const collection = collectionOf(call);
  const given = parseJson(call.body);
  const document = id !== undefined && typeof given === 'object' && given !== null ? { ...given, id } : given;
  const dirtyValues = readDirtyValues(call.query);
  return collection.turns.take(() => collection.transaction(() => collection.write({ document, action, dirtyValues })));
}
