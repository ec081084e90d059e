import { randomUUID } from 'node:crypto';
import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';
import { startMongoEmulator, type MongoEmulator } from '../src/emulator.ts';

const REAL_URL = process.env.MONGODB_CONFORMANCE_URL;

/** The suite holds for the emulator and for the real server alike; a few cases exist for one of them only. */
export const isEmulator = REAL_URL === undefined || REAL_URL === '';

/** The real server looks for expired documents once a minute. */
export const EXPIRY_MS = isEmulator ? 10_000 : 150_000;

export interface ServerUnderTest {
  readonly client: MongoClient;
  readonly db: Db;
  readonly url: string;
  /** A collection of its own for each test. */
  collection<T extends Document = Document>(): Collection<T>;
}

/** One server, client and database per file, gone at the end whatever happened. */
export function useServer(): ServerUnderTest {
  const database = `conformance_${randomUUID().slice(0, 8)}`;
  let emulator: MongoEmulator | undefined;
  let client: MongoClient | undefined;
  let url = REAL_URL ?? '';
  let collections = 0;
  beforeAll(async () => {
    if (isEmulator) {
      emulator = await startMongoEmulator();
      url = emulator.url;
    }
    client = await new MongoClient(url, { serverSelectionTimeoutMS: 5_000 }).connect();
  });
  afterAll(async () => {
    try {
      await client?.db(database).dropDatabase();
      await client?.close();
    } finally {
      await emulator?.stop();
    }
  });
  const connected = (): MongoClient => {
    if (!client) throw new Error('the server under test has not been started');
    return client;
  };
  return {
    get client() {
      return connected();
    },
    get db() {
      return connected().db(database);
    },
    get url() {
      return url;
    },
    collection: <T extends Document = Document>() => connected().db(database).collection<T>(`c${++collections}`),
  };
}

export interface Product extends Document {
  sku: string;
  title?: string;
  price: number;
  tags?: string[];
  variants?: { c: string; q: number }[];
  attrs?: { size: number; d: Date };
}

export const EPOCH = 1_700_000_000_000;

/** Five hundred products whose every field follows from their number. */
export function someProducts(count = 500): Product[] {
  return Array.from({ length: count }, (_, i) => ({
    sku: `s${i}`,
    title: `Product ${i}`,
    price: i,
    tags: [`t${i % 5}`, `u${i % 7}`],
    variants: [
      { c: 'red', q: i },
      { c: 'blue', q: i * 2 },
    ],
    attrs: { size: i % 3, d: new Date(EPOCH + i * 1e5) },
  }));
}

export async function productsIn(server: ServerUnderTest): Promise<Collection<Product>> {
  const products = server.collection<Product>();
  await products.insertMany(someProducts());
  return products;
}
