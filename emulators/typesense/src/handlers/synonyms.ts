import { badRequest, notFound, unsupported } from '../http/api-error.ts';
import { parseJson } from '../http/body.ts';
import type { Route } from '../http/route.ts';
import type { SynonymItem } from '../store/catalog.ts';

const MAX_ITEMS = 10_000;
const MAX_WORDS = 100;

export const synonymRoutes: readonly Route[] = [
  { method: 'GET', path: '/synonym_sets', parameters: [], handle: ({ catalog }) => ({ json: catalog.synonymSets() }) },
  {
    method: 'GET',
    path: '/synonym_sets/:set',
    parameters: [],
    handle: ({ catalog, path }) => ({ json: catalog.synonymSet(path['set'] ?? '') }),
  },
  {
    method: 'PUT',
    path: '/synonym_sets/:set',
    parameters: [],
    handle({ catalog, path, body }) {
      const items = (parseJson(body) as { items?: unknown } | null)?.items;
      if (!Array.isArray(items)) throw badRequest('Invalid or missing `items` field');
      if (items.length > MAX_ITEMS) throw badRequest(`A synonym set has at most ${MAX_ITEMS} items.`);
      const set = { name: path['set'] ?? '', items: items.map(parseItem) };
      catalog.saveSynonymSet(set);
      return { json: set };
    },
  },
  {
    method: 'DELETE',
    path: '/synonym_sets/:set',
    parameters: [],
    handle({ catalog, path }) {
      const { name } = catalog.synonymSet(path['set'] ?? '');
      catalog.dropSynonymSet(name);
      return { json: { name } };
    },
  },
  {
    method: 'GET',
    path: '/synonym_sets/:set/items',
    parameters: [],
    handle: ({ catalog, path }) => ({ json: catalog.synonymSet(path['set'] ?? '').items }),
  },
  {
    method: 'GET',
    path: '/synonym_sets/:set/items/:item',
    parameters: [],
    handle({ catalog, path }) {
      const item = catalog.synonymSet(path['set'] ?? '').items.find((candidate) => candidate.id === path['item']);
      if (item === undefined) throw notFound('Could not find that `id`.');
      return { json: item };
    },
  },
  {
    method: 'PUT',
    path: '/synonym_sets/:set/items/:item',
    parameters: [],
    handle({ catalog, path, body }) {
      const set = catalog.synonymSet(path['set'] ?? '');
      const item = parseItem({ ...(parseJson(body) as object), id: path['item'] });
      const others = set.items.filter((candidate) => candidate.id !== item.id);
      if (others.length >= MAX_ITEMS) throw badRequest(`A synonym set has at most ${MAX_ITEMS} items.`);
      catalog.saveSynonymSet({ name: set.name, items: [...others, item] });
      return { json: item };
    },
  },
  {
    method: 'DELETE',
    path: '/synonym_sets/:set/items/:item',
    parameters: [],
    handle({ catalog, path }) {
      const set = catalog.synonymSet(path['set'] ?? '');
      const items = set.items.filter((candidate) => candidate.id !== path['item']);
      if (items.length === set.items.length) throw notFound('Could not find that `id`.');
      catalog.saveSynonymSet({ name: set.name, items });
      return { json: { id: path['item'] } };
    },
  },
];

function parseItem(input: unknown): SynonymItem {
  if (typeof input !== 'object' || input === null) throw badRequest('Synonym item must be an object.');
  const { id, synonyms, root, ...rest } = input as Record<string, unknown>;
  const unknown = Object.entries(rest).find(
    ([key, value]) => !(key === 'locale' && value === '') && value !== undefined,
  );
  if (unknown !== undefined) throw unsupported(`\`${unknown[0]}\` of a synonym`);
  if (typeof id !== 'string' || id === '') throw badRequest('Missing or invalid `id` field.');
  if (
    !Array.isArray(synonyms) ||
    synonyms.length === 0 ||
    synonyms.some((word) => typeof word !== 'string' || word.trim() === '')
  ) {
    throw badRequest('Could not find an array of `synonyms`');
  }
  if (synonyms.length > MAX_WORDS) throw badRequest(`A synonym has at most ${MAX_WORDS} words.`);
  if (root !== undefined && typeof root !== 'string') throw badRequest('Key `root` should be a string.');
  return { id, synonyms: synonyms as string[], ...(root === undefined || root === '' ? {} : { root }) };
}
