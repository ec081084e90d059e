import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testIds } from '@marketgraph/platform/testing';
import pg from 'pg';
import { aRun, registerBuyer, type StoryGraph } from '../story/cast.ts';

/** As accounts signs them, see `subgraphs/accounts/src/clients/access-tokens.ts`. */
const ISSUER = 'marketgraph-accounts';
const AUDIENCE = 'marketgraph';
const TOKEN_LIFETIME_S = 900;

interface SigningJwk {
  kid: string;
}

/** The marketplace they are buyers of: its public port, the database of accounts, and the folder with its keys. */
export interface BuyersOf {
  graph: StoryGraph;
  stores: { postgres: { accounts: { ownerUrl: string } } };
  dataDir: string;
}

/**
 * Access tokens of so many buyers with accounts and sessions of their own.
 * Passwords are slow to hash on purpose, and hashing thousands would take
 * longer than what is tested: one buyer registers, the others are rows beside
 * theirs, and the tokens are signed with the installation's key. The gateway
 * verifies and asks accounts about each of them as about anybody.
 */
export async function manyBuyers(market: BuyersOf, count: number): Promise<string[]> {
  const run = aRun();
  await registerBuyer(market.graph, 'Template', run);
  const ids = testIds();
  const people = Array.from({ length: count }, (_, at) => ({
    userId: ids.next('usr'),
    sessionId: ids.next('ses'),
    email: `many-${run}-${at}@sale.example`,
  }));
  await insertPeople(market.stores.postgres.accounts.ownerUrl, people, `template-${run}@story.example`);
  const { key, kid } = signingKey(market.dataDir);
  return people.map(({ userId, sessionId }) => accessToken({ key, kid }, { userId, sessionId }));
}

async function insertPeople(
  databaseUrl: string,
  people: readonly { userId: string; sessionId: string; email: string }[],
  template: string,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const columns = [
      people.map(({ userId }) => userId),
      people.map(({ sessionId }) => sessionId),
      people.map(({ email }) => email),
    ];
    const { rowCount } = await client.query(
      `with person as (select * from unnest($1::text[], $2::text[], $3::text[]) as person (user_id, session_id, email)),
            added as (insert into account (id, email, email_key, display_name, created_at)
                      select user_id, email, email, 'Flash Buyer', now() from person returning id),
            secret as (insert into credential (user_id, password_hash, changed_at)
                       select added.id, known.password_hash, now()
                         from added, credential known join account on account.id = known.user_id
                        where account.email_key = $4)
       insert into session (id, user_id, created_at, expires_at)
       select session_id, user_id, now(), now() + interval '1 day' from person join added on added.id = person.user_id`,
      [...columns, template],
    );
    if (rowCount !== people.length) throw new Error(`Only ${rowCount} of ${people.length} buyers could be added.`);
  } finally {
    await client.end();
  }
}

function signingKey(dataDir: string): { key: KeyObject; kid: string } {
  const { accessTokens } = JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8')) as {
    accessTokens: SigningJwk[];
  };
  const [jwk] = accessTokens;
  if (!jwk) throw new Error('The installation has no key to sign access tokens with.');
  return { key: createPrivateKey({ key: { ...jwk }, format: 'jwk' }), kid: jwk.kid };
}

function accessToken(
  { key, kid }: { key: KeyObject; kid: string },
  { userId, sessionId }: { userId: string; sessionId: string },
): string {
  const issuedAt = Math.floor(Date.now() / 1_000);
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid };
  const claims = {
    sid: sessionId,
    roles: ['BUYER'],
    mem: [],
    iss: ISSUER,
    aud: AUDIENCE,
    sub: userId,
    iat: issuedAt,
    exp: issuedAt + TOKEN_LIFETIME_S,
  };
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
