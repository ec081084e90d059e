import { Binary } from 'bson';
import { decodeDocument, type Doc, encodeDocument } from '../bson/value.ts';
import type { DataFile } from '../storage/data-file.ts';
import { makeCredential, type ScramCredential } from './scram.ts';

/** A user as the launcher names it. `databases` may hold `*` for all. */
export interface EmulatorUser {
  username: string;
  password: string;
  databases: string[];
}

export interface KnownUser {
  username: string;
  databases: readonly string[];
  credential: ScramCredential;
}

/** Clients normalise passwords (SASLprep) before hashing them; these are the ones normalisation leaves alone. */
const PLAIN = /^[\x20-\x7e]{1,256}$/;

/** Users, kept in the data file without their passwords. With none at all, everybody may do everything. */
export class Users {
  readonly #users = new Map<string, KnownUser>();

  constructor(file: DataFile, given: readonly EmulatorUser[]) {
    for (const row of file.all('SELECT body FROM users')) {
      const user = fromBody(decodeDocument(row.body as Uint8Array));
      this.#users.set(user.username, user);
    }
    for (const { username, password, databases } of given) {
      if (!PLAIN.test(username) || !PLAIN.test(password)) {
        throw new TypeError(`user '${username}': names and passwords must be 1 to 256 printable ASCII characters`);
      }
      const user: KnownUser = { username, databases, credential: makeCredential(password) };
      this.#users.set(username, user);
      file.write('INSERT OR REPLACE INTO users (username, body) VALUES (?, ?)', username, encodeDocument(toBody(user)));
    }
  }

  get isRequired(): boolean {
    return this.#users.size > 0;
  }

  find(username: string): KnownUser | undefined {
    return this.#users.get(username);
  }
}

export function mayUse(user: KnownUser, database: string): boolean {
  return user.databases.includes('*') || user.databases.includes(database);
}

/** A user signs in at `admin` or at a database of its own. */
export function maySignInAt(user: KnownUser, database: string): boolean {
  return database === 'admin' || mayUse(user, database);
}

function toBody({ username, databases, credential }: KnownUser): Doc {
  const { salt, iterations, storedKey, serverKey } = credential;
  return {
    username,
    databases: [...databases],
    iterations,
    salt: new Binary(salt),
    storedKey: new Binary(storedKey),
    serverKey: new Binary(serverKey),
  };
}

function fromBody(body: Doc): KnownUser {
  const { username, databases, iterations, salt, storedKey, serverKey } = body as unknown as {
    username: string;
    databases: string[];
    iterations: number;
  } & Record<'salt' | 'storedKey' | 'serverKey', Binary>;
  const [saltBytes, stored, server] = [salt, storedKey, serverKey].map((binary) => Buffer.from(binary.value())) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  return { username, databases, credential: { salt: saltBytes, iterations, storedKey: stored, serverKey: server } };
}
