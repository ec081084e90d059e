import { badRequest } from '../http/api-error.ts';
import { parseJson } from '../http/body.ts';
import type { Route } from '../http/route.ts';

export const aliasRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/aliases',
    parameters: [],
    handle: ({ catalog }) => ({ json: { aliases: catalog.aliases() } }),
  },
  {
    method: 'GET',
    path: '/aliases/:alias',
    parameters: [],
    handle: ({ catalog, path }) => ({ json: catalog.alias(path['alias'] ?? '') }),
  },
  {
    method: 'PUT',
    path: '/aliases/:alias',
    parameters: [],
    handle({ catalog, path, body }) {
      const input = parseJson(body) as { collection_name?: unknown } | null;
      const target = input?.collection_name;
      if (typeof target !== 'string' || target === '') throw badRequest('Parameter `collection_name` is required.');
      catalog.setAlias(path['alias'] ?? '', target);
      return { json: catalog.alias(path['alias'] ?? '') };
    },
  },
  {
    method: 'DELETE',
    path: '/aliases/:alias',
    parameters: [],
    handle({ catalog, path }) {
      const json = catalog.alias(path['alias'] ?? '');
      catalog.dropAlias(json.name);
      return { json };
    },
  },
];
