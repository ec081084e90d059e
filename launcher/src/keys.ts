import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateServiceKey } from '@marketgraph/platform/serve';
import type { JWK } from 'jose';

/** Secrets of this installation that belong to no store: made once, kept in the data folder. */
export interface Keys {
  /** Signs access tokens; the first of possibly several. */
  accessTokens: JWK[];
  /** Per caller: its private half, and everybody's public halves. */
  services: Record<string, JWK>;
  trusted: { keys: JWK[] };
  cursorSecret: string;
  urlSigningSecret: string;
}

const CALLERS = ['gateway', 'accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];

export async function loadKeys(file: string): Promise<Keys> {
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known) return JSON.parse(known) as Keys;
  const keys = await createKeys();
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, JSON.stringify(keys), { mode: 0o600 });
  await rename(unfinished, file);
  return keys;
}

export async function createKeys(): Promise<Keys> {
  const services: Record<string, JWK> = {};
  const trusted: JWK[] = [];
  for (const caller of CALLERS) {
    const pair = await generateServiceKey(caller);
    services[caller] = pair.privateJwk;
    trusted.push(pair.publicJwk);
  }
  const accessToken = await generateServiceKey(`access-${randomBytes(6).toString('hex')}`);
  return {
    accessTokens: [accessToken.privateJwk],
    services,
    trusted: { keys: trusted },
    cursorSecret: randomBytes(32).toString('base64url'),
    urlSigningSecret: randomBytes(32).toString('base64url'),
  };
}
