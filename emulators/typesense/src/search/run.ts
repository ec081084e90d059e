import { compileFilter } from '../filter/compile.ts';
import { parseFilter } from '../filter/parse.ts';
import { badRequest } from '../http/api-error.ts';
import type { Catalog } from '../store/catalog.ts';
import type { Collection } from '../store/collection.ts';
import { type Sql, sql } from '../store/database.ts';
import { countFacets, isCountedInMemory } from './facets.ts';
import { parseFacets } from './facet-spec.ts';
import { groupRows } from './groups.ts';
import { toHit } from './hits.ts';
import { type Found, matchText } from './match-text.ts';
import { fusedRows, type Nearness, nearestRows } from './neighbours.ts';
import type { SearchParameters } from './parameters.ts';
import { projection } from './project.ts';
import { parseQuery, type Query } from './query.ts';
import { type QueryField, resolveQueryFields } from './query-fields.ts';
import { orderedRows, type RankedRow } from './rows.ts';
import { countRows, everything, UNCONDITIONAL } from './selection.ts';
import { parseSort } from './sort.ts';
import { synonymVariants } from './synonyms.ts';
import { isOrderOfNumbers, topRows } from './top-rows.ts';
import { parseVectorQuery, type VectorQuery } from './vector-query.ts';
import { WordMatcher } from './words.ts';

/** Answers one search. It runs in one piece, so it sees one state of the collection. */
export function search(
  catalog: Catalog,
  collection: Collection,
  parameters: SearchParameters,
): Record<string, unknown> {
  const started = performance.now();
  const { db } = catalog;
  const { index } = collection;
  const fields = resolveQueryFields(parameters, index);
  const query = parseQuery(parameters.q, index.rules);
  const vectorQuery = parseVectorQuery(parameters.vectorQuery, collection);
  const order = parseSort(parameters.sortBy, index, { hasDistance: vectorQuery !== undefined && query.wildcard });
  const specs = parseFacets(parameters.facetBy, index);
  const inMemory =
    parameters.groupBy.length === 0 && isOrderOfNumbers(order) && specs.every((spec) => isCountedInMemory(spec));
  const match = select({ catalog, collection, parameters, query, fields, vectorQuery, inMemory });
  const facets = countFacets({ db, index, found: match, specs, parameters });
  const input = { db, index, order, parameters };
  const projected = projection(parameters);
  const toHits = (rows: readonly { seq: number; score: number | undefined }[]): object[] => {
    const documents = collection.those(rows.map(({ seq }) => seq));
    return rows.flatMap((row) => {
      const document = documents.get(row.seq);
      if (document === undefined) return [];
      return toHit({
        ...{ collection, parameters, projected, fields, query, row, document },
        ...{ words: match.words, order, nearness: match.nearness },
      });
    });
  };
  const offset = parameters.offset ?? ((parameters.page ?? 1) - 1) * parameters.perPage;
  const page = { limit: parameters.perPage, offset };
  const ordered = (): readonly RankedRow[] => {
    if (page.limit === 0) return [];
    return 'rows' in match ? topRows({ ...input, ...match, ...page }) : orderedRows({ ...input, ...match, ...page });
  };
  const grouped =
    parameters.groupBy.length === 0 || 'rows' in match ? undefined : groupRows({ ...input, ...match, ...page });
  return {
    facet_counts: facets,
    found: grouped?.found ?? match.found,
    ...(grouped === undefined ? {} : { found_docs: match.found }),
    ...(grouped === undefined
      ? { hits: toHits(ordered()) }
      : {
          grouped_hits: grouped.groups.map((group) => ({
            found: group.found,
            group_key: group.key,
            hits: toHits(group.rows),
          })),
        }),
    out_of: collection.count,
    ...(parameters.offset === undefined ? { page: parameters.page ?? 1 } : { offset: parameters.offset }),
    request_params: {
      collection_name: collection.name,
      first_q: parameters.q,
      per_page: parameters.perPage,
      q: parameters.q,
    },
    search_cutoff: false,
    search_time_ms: Math.round(performance.now() - started),
  };
}

type Match = Found & {
  found: number;
  words: WordMatcher['used'];
  nearness?: Nearness;
};

function select(input: {
  catalog: Catalog;
  collection: Collection;
  parameters: SearchParameters;
  query: Query;
  fields: readonly QueryField[];
  vectorQuery: VectorQuery | undefined;
  inMemory: boolean;
}): Match {
  const { catalog, collection, parameters, query, fields, vectorQuery } = input;
  const { index } = collection;
  const needsFields = !query.wildcard || query.excluded.length > 0;
  if (needsFields && fields.length === 0) throw badRequest('No search fields specified for the query.');
  const conditions = [...filterConditions(parameters, collection)];
  if (!query.wildcard) {
    const variants = synonymVariants({ catalog, index, parameters, tokens: query.tokens });
    const where = all(conditions);
    const inMemory = input.inMemory && vectorQuery === undefined;
    const match = matchText({ db: catalog.db, index, parameters, query, fields, where, variants, inMemory });
    const words = match.matcher.used;
    if (vectorQuery === undefined || 'rows' in match) return { ...match, words };
    const nearness = fusedRows({ ...nearby(input, vectorQuery), where, words: match.selection });
    return { selection: nearness.selection, found: nearness.found, words, nearness };
  }
  const matcher = new WordMatcher(index, parameters, fields);
  if (query.excluded.length > 0) {
    const { fts } = index.tables;
    conditions.push(sql(`c.seq NOT IN (SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?)`, matcher.excluded(query)));
  }
  if (vectorQuery !== undefined) {
    const nearness = nearestRows({ ...nearby(input, vectorQuery), where: all(conditions) });
    return { selection: nearness.selection, found: nearness.found, words: matcher.used, nearness };
  }
  const selection = everything(index, all(conditions));
  const found = conditions.length === 0 ? collection.count : countRows(catalog.db, selection);
  return { selection, found, words: matcher.used };
}

function nearby(
  { catalog, collection, parameters }: { catalog: Catalog; collection: Collection; parameters: SearchParameters },
  query: VectorQuery,
) {
  return { db: catalog.db, index: collection.index, query, perPage: parameters.perPage };
}

function filterConditions(parameters: SearchParameters, collection: Collection): Sql[] {
  const conditions: Sql[] = [];
  const node = parseFilter(parameters.filterBy);
  if (node !== undefined) conditions.push(compileFilter(node, collection.index));
  if (parameters.hiddenHits.length > 0) {
    conditions.push(
      sql(
        `c.seq NOT IN (SELECT d.seq FROM json_each(?) v CROSS JOIN ${collection.index.tables.docs} d ON d.id = v.value)`,
        JSON.stringify(parameters.hiddenHits),
      ),
    );
  }
  return conditions;
}

function all(conditions: readonly Sql[]): Sql {
  if (conditions.length === 0) return UNCONDITIONAL;
  return sql(conditions.map((condition) => condition.text).join(' AND '), ...conditions.flatMap((c) => c.params));
}
