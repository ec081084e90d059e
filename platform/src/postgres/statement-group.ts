import type { EventEmitter } from 'node:events';
import type { PreparedStatement } from './prepared-statements.ts';

/** What one statement of a group was answered. */
export interface Answer {
  rows: Record<string, unknown>[];
  /** Of what was read or changed; null where there is nothing to count. */
  rowCount: number | null;
  /** The server's word for what it did: `INSERT`, `COMMIT`. */
  command: string;
}

/** What the driver hands to whoever writes to the server itself. */
export interface DriverClient {
  query(group: StatementGroup): unknown;
  getTypeParser(oid: number, format: 'text'): Read;
}
interface DriverConnection extends EventEmitter {
  stream: { cork(): void; uncork(): void };
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: readonly (string | null)[] }): void;
  describe(portal: { type: 'P' }): void;
  execute(): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}

type Read = (text: string) => unknown;

/** How rows of a statement are read. A statement that a server has kept never answers with other columns than it did. */
interface Columns {
  names: string[];
  reads: Read[];
  /** A row with nothing in it: rows that are copies of one have one shape. */
  blank: Record<string, unknown>;
}

const NO_COLUMNS: Columns = { names: [], reads: [], blank: {} };

/** What the server of a connection has kept, by name; undefined until its columns are known. */
interface Kept {
  columns: Map<string, Columns | undefined>;
  /** The group whose answers come now. */
  current: StatementGroup | undefined;
}

const keptBy = new WeakMap<DriverConnection, Kept>();

/**
 * Statements that go to the server in one write and are answered in one, in their order; after one that fails the
 * server skips those behind it. For the driver it is one query, which writes its messages itself: unlike the driver's
 * own, it asks for the columns of a statement once per connection.
 */
export class StatementGroup {
  readonly #client: DriverClient;
  readonly #statements: readonly PreparedStatement[];
  readonly #isReady: (answers: Answer[]) => void;
  readonly #hasFailed: (reason: unknown) => void;
  readonly #answers: Answer[] = [];
  #kept: Kept | undefined;
  /** Names of the statements the server is told of, of which it has not said yet that it has kept them. */
  readonly #told: (string | undefined)[] = [];
  #columns: Columns | undefined;
  #rows: Record<string, unknown>[] = [];
  #unreadable: unknown;

  private constructor(
    client: DriverClient,
    statements: readonly PreparedStatement[],
    ends: { resolve(answers: Answer[]): void; reject(reason: unknown): void },
  ) {
    this.#client = client;
    this.#statements = statements;
    this.#isReady = ends.resolve;
    this.#hasFailed = ends.reject;
  }

  /** Resolves to an answer for each; rejects with what the first that failed was told. */
  static send(client: DriverClient, statements: readonly PreparedStatement[]): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      client.query(new StatementGroup(client, statements, { resolve, reject }));
    });
  }

  /** How many statements are sent together. */
  get statements(): readonly Pick<PreparedStatement, 'text'>[] {
    return this.#statements;
  }

  submit(connection: DriverConnection): null {
    const kept = keptOf(connection);
    this.#kept = kept;
    kept.current = this;
    const isTold = new Set<string>();
    connection.stream.cork();
    try {
      for (const { name, text, values } of this.#statements) {
        const isKnown = name !== undefined && (kept.columns.has(name) || isTold.has(name));
        if (!isKnown) {
          connection.parse({ name: name ?? '', text });
          this.#told.push(name);
          if (name !== undefined) isTold.add(name);
        }
        connection.bind({ statement: name ?? '', values });
        if (!this.#columnsOf(name)) connection.describe({ type: 'P' });
        connection.execute();
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    return null;
  }

  /** The server has kept what it was told of first. */
  handleParseComplete(): void {
    const name = this.#told.shift();
    if (name !== undefined && !this.#kept!.columns.has(name)) this.#kept!.columns.set(name, undefined);
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#columns = {
      names: fields.map(({ name }) => name),
      reads: fields.map(({ dataTypeID }) => this.#client.getTypeParser(dataTypeID, 'text')),
      blank: Object.fromEntries(fields.map(({ name }) => [name, null])),
    };
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const { names, reads, blank } = (this.#columns ??= this.#columnsOf(this.#statement.name) ?? NO_COLUMNS);
    try {
      const row = { ...blank };
      for (let at = 0; at < names.length; at += 1) {
        const text = fields[at]!;
        if (text !== null) row[names[at]!] = reads[at]!(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#unreadable ??= error;
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const { name } = this.#statement;
    if (name !== undefined && !this.#columnsOf(name)) this.#kept!.columns.set(name, this.#columns ?? NO_COLUMNS);
    const count = Number(text.slice(text.lastIndexOf(' ') + 1));
    const command = text.split(' ', 1)[0]!;
    this.#answers.push({ rows: this.#rows, rowCount: text === '' || Number.isNaN(count) ? null : count, command });
    this.#rows = [];
    this.#columns = undefined;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleCopyInResponse(connection: DriverConnection): void {
    connection.sendCopyFail('Nothing is copied here');
  }

  handleError(reason: unknown): void {
    this.#end();
    this.#hasFailed(reason);
  }

  handleReadyForQuery(): void {
    this.#end();
    if (this.#unreadable === undefined) this.#isReady(this.#answers);
    else this.#hasFailed(this.#unreadable);
  }

  /** What the server keeps from now on, it keeps for somebody else. */
  #end(): void {
    if (this.#kept?.current === this) this.#kept.current = undefined;
  }

  /** The one whose answer comes now. */
  get #statement(): PreparedStatement {
    return this.#statements[this.#answers.length]!;
  }

  #columnsOf(name: string | undefined): Columns | undefined {
    return name === undefined ? undefined : this.#kept!.columns.get(name);
  }
}

function keptOf(connection: DriverConnection): Kept {
  let kept = keptBy.get(connection);
  if (!kept) {
    const fresh: Kept = { columns: new Map(), current: undefined };
    // The driver keeps this one to itself.
    connection.on('parseComplete', () => fresh.current?.handleParseComplete());
    keptBy.set(connection, fresh);
    kept = fresh;
  }
  return kept;
}
