/** The columns of some rows by name, each with its type as PostgreSQL knows it. */
export type Columns = Readonly<Record<string, 'text' | 'int' | 'bigint' | 'jsonb'>>;

/**
 * Rows as a statement reads them: one array per column, so that the server takes no JSON apart. For the values of
 * `columnsOf`; columns are quoted, as they are named here.
 */
export function rowsAs(alias: string, columns: Columns): string {
  const arrays = Object.values(columns).map((type) => `?::${type}[]`);
  const names = Object.keys(columns).map((name) => `"${name}"`);
  return `unnest(${arrays.join(', ')}) as ${alias}(${names.join(', ')})`;
}

/** What `rowsAs` reads, in the order of its columns: what is not there or undefined is null. */
export function columnsOf(columns: Columns, rows: readonly object[]): string[] {
  return Object.entries(columns).map(([name, type]) => {
    const values = rows.map((row) => (row as Readonly<Record<string, unknown>>)[name]);
    return type === 'jsonb' ? arrayOfJson(values) : arrayOf(values);
  });
}

/** Texts and numbers as PostgreSQL reads an array of them; undefined is null. */
export function arrayOf(values: readonly unknown[]): string {
  const json = JSON.stringify(values);
  // The same but for its brackets, and for what JSON escapes that is neither a quote nor a backslash.
  if (!json.includes('\\') || /^(?:[^\\]|\\["\\])*$/.test(json)) return `{${json.slice(1, -1)}}`;
  return `{${values.map(toItem).join(',')}}`;
}

function toItem(value: unknown): string {
  return value === null || value === undefined ? 'null' : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Nothing but quotes and backslashes is left to escape in what is JSON already, and arrays escape these alike. */
function arrayOfJson(values: readonly unknown[]): string {
  const texts = values.map((value) => (value === null || value === undefined ? null : JSON.stringify(value)));
  return `{${JSON.stringify(texts).slice(1, -1)}}`;
}
