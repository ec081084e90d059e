import type { CollectionSchema } from '../schema/collection-schema.ts';
import { type Field, isArray, isNumber, isString, isVector } from '../schema/field.ts';
import type { Database } from './database.ts';

/**
 * The tables of one collection.
 *
 *  docs    every document as JSON, under its number (`seq`)
 *  fts     FTS5 over the tokens of every indexed string field, one column each; contents are not stored again
 *  cols    one narrow row per document: `c<n>` the value of field n to filter and sort by, `o<n>` what facets count
 *  strs    every string value in its normalized form: exact filters, and the bonus for an exact match
 *  nums    the elements of numeric and boolean arrays
 *  terms   the words of each field with the number of documents that hold them: typos and prefixes
 *  facets  the facet strings; `o<n>` holds their numbers
 *
 * Everything but `docs` belongs to a generation: changing the schema builds the next generation beside the current one.
 */
export type Tables = {
  docs: string;
  fts: string;
  cols: string;
  strs: string;
  nums: string;
  terms: string;
  facets: string;
};

export function tablesOf(collectionId: number, generation: number): Tables {
  const prefix = `c${collectionId}g${generation}`;
  return {
    docs: `c${collectionId}_docs`,
    fts: `${prefix}_fts`,
    cols: `${prefix}_cols`,
    strs: `${prefix}_strs`,
    nums: `${prefix}_nums`,
    terms: `${prefix}_terms`,
    facets: `${prefix}_facets`,
  };
}

/** The columns of `cols` that field number `at` needs, in order. */
export function columnsOf(field: Field, at: number): { name: string; type: string; indexed: boolean }[] {
  if (!field.index) return [];
  if (field.type === 'geopoint') {
    return [
      { name: `lat${at}`, type: 'REAL', indexed: true },
      { name: `lng${at}`, type: 'REAL', indexed: false },
    ];
  }
  const columns: { name: string; type: string; indexed: boolean }[] = [];
  if (!isArray(field) && (!isString(field) || field.sort)) {
    const type = isString(field) ? 'TEXT' : field.type === 'float' ? 'REAL' : 'INTEGER';
    // An index over two values costs more than it finds.
    columns.push({ name: `c${at}`, type, indexed: field.type !== 'bool' });
  }
  if (field.facet && facetColumn(field, at) !== `c${at}`)
    columns.push({ name: `o${at}`, type: 'TEXT', indexed: false });
  return columns;
}

/** Where a facet is counted: single numbers and booleans as they are, everything else as a list in `o<n>`. */
export function facetColumn(field: Field, at: number): string {
  return isArray(field) || isString(field) ? `o${at}` : `c${at}`;
}

export function hasElements(field: Field): boolean {
  return field.index && !isVector(field) && isArray(field) && (isNumber(field) || field.type === 'bool[]');
}

export function createDocs(db: Database, tables: Tables): void {
  db.exec(`CREATE TABLE ${tables.docs} (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)`);
}

export function createIndex(db: Database, tables: Tables, schema: CollectionSchema): void {
  const columns = schema.fields.flatMap((field, at) => columnsOf(field, at));
  db.exec(
    `CREATE TABLE ${tables.cols} (${['seq INTEGER PRIMARY KEY', ...columns.map((c) => `${c.name} ${c.type}`)].join(', ')})`,
  );
  for (const column of columns.filter((candidate) => candidate.indexed)) {
    db.exec(`CREATE INDEX ${tables.cols}_${column.name} ON ${tables.cols} (${column.name})`);
  }
  // FTS5 wants at least one column; `t` is the one no field uses.
  const texts = ['t', ...textColumns(schema.fields)];
  db.exec(
    `CREATE VIRTUAL TABLE ${tables.fts} USING fts5(${texts.join(', ')},
       content = '', contentless_delete = 1, tokenize = 'ascii')`,
  );
  // No prefix index: it would double the cost of a write, and the words with one beginning lie together anyway.
  // Merging a little with every write keeps each write short; a crisis merge would stop the world for a second.
  db.exec(`INSERT INTO ${tables.fts} (${tables.fts}, rank) VALUES ('automerge', 8)`);
  db.exec(
    `CREATE TABLE ${tables.strs} (field INTEGER, norm TEXT, seq INTEGER, PRIMARY KEY (field, norm, seq)) WITHOUT ROWID`,
  );
  db.exec(
    `CREATE TABLE ${tables.nums} (field INTEGER, value REAL, seq INTEGER, PRIMARY KEY (field, value, seq)) WITHOUT ROWID`,
  );
  db.exec(
    `CREATE TABLE ${tables.terms} (field INTEGER, term TEXT, documents INTEGER, PRIMARY KEY (field, term)) WITHOUT ROWID`,
  );
  db.exec(
    `CREATE TABLE ${tables.facets} (number INTEGER PRIMARY KEY, field INTEGER, value TEXT, UNIQUE (field, value))`,
  );
}

/** The FTS columns, named by field number: a field's own name never becomes part of SQL. */
export function textColumns(fields: readonly Field[]): string[] {
  return fields.flatMap((field, at) => (field.index && isString(field) ? [textColumn(at)] : []));
}

export function textColumn(at: number): string {
  return `f${at}`;
}

export function dropIndex(db: Database, tables: Tables): void {
  for (const table of [tables.fts, tables.cols, tables.strs, tables.nums, tables.terms, tables.facets]) {
    db.exec(`DROP TABLE IF EXISTS ${table}`);
  }
}

/** Removes what a process left behind that died while it rebuilt or deleted a collection. */
export function dropOrphans(db: Database, kept: readonly Tables[]): void {
  const known = new Set(kept.flatMap((tables) => Object.values(tables)));
  const rows = db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'c[0-9]*'");
  for (const { name } of rows) {
    const table = String(name);
    if (!/^c\d+(g\d+)?_(docs|fts|cols|strs|nums|terms|facets)$/.test(table)) continue;
    if (!known.has(table)) db.exec(`DROP TABLE IF EXISTS ${table}`);
  }
}
