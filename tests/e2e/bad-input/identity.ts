import { createPrivateKey, type JsonWebKeyInput, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../../support/raw-graph.ts';
import type { AttackedShop } from './attacked-shop.ts';

const ME = '{ me { id } }';
const LOGIN = `mutation($input: LoginInput!) {
  login(input: $input) { session { accessToken } userErrors { code message } }
}`;
const REFUSED = { status: 401, codes: ['UNAUTHENTICATED'], data: null };

export function itKnowsWhoAsks(shop: () => AttackedShop): void {
  describe('who are you', () => {
    it('a wrong password is the same as an unknown account, and opens no session', async () => {
      const { as, credentials } = shop();
      const password = 'not the password';
      const wrong = await as(null, LOGIN, { input: { email: credentials.email, password } });
      const unknown = await as(null, LOGIN, { input: { email: 'nobody@story.example', password } });
      expect(wrong.data).toMatchObject({ login: { session: null, userErrors: [{ code: 'INVALID' }] } });
      expect(unknown.data).toEqual(wrong.data);
    });

    it('a token that ended is 401 UNAUTHENTICATED; the same claims with time left are not', async () => {
      const { market, buyer } = shop();
      const nowS = Math.floor(Date.now() / 1_000);
      const ended = reSigned(market.dataDir, buyer.accessToken!, { iat: nowS - 1_000, exp: nowS - 100 });
      expect(await ask(market.url, ME, { token: ended })).toMatchObject(REFUSED);
      const good = await ask(market.url, ME, { token: reSigned(market.dataDir, buyer.accessToken!, {}) });
      expect([good.status, good.codes]).toEqual([200, []]);
    });

    it.each<[string, (token: string) => string]>([
      ['garbage', () => 'garbage'],
      ['three parts of garbage', () => 'a.b.c'],
      ['under another signature', (token) => `${token.slice(0, -8)}AAAAAAAA`],
      ['with edited claims', edited],
      ['without an algorithm', unsigned],
    ])('a token that is %s is 401 UNAUTHENTICATED', async (_, spoil) => {
      const { market, buyer } = shop();
      expect(await ask(market.url, ME, { token: spoil(buyer.accessToken!) })).toMatchObject(REFUSED);
    });

    it('G2 with a token one’s own answers; without, what is public answers and what is private is UNAUTHENTICATED', async () => {
      const { as, buyer, lamp } = shop();
      const mine = await as<{ me: { id: string } }>(buyer, ME);
      expect([mine.status, mine.codes, mine.data?.me.id]).toEqual([200, [], expect.stringMatching(/^usr_/)]);
      const open = await as(null, 'query($id: ID!) { product(id: $id) { title } }', { id: lamp.productId });
      expect([open.status, open.codes, open.data]).toEqual([200, [], { product: { title: lamp.title } }]);
      const closed = await as(
        null,
        'mutation { productArchive(id: "prd_1", expectedVersion: 1) { userErrors { code } } }',
      );
      expect(closed.codes).toEqual(['UNAUTHENTICATED']);
    });
  });
}

/** The claims of a token under the market's own key: only what is changed tells it from a real one. */
function reSigned(dataDir: string, token: string, changes: Record<string, unknown>): string {
  const [header = '', payload = ''] = token.split('.');
  const { kid } = decoded(header);
  const { accessTokens } = JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8')) as {
    accessTokens: (JsonWebKeyInput['key'] & { kid: string })[];
  };
  const jwk = accessTokens.find((key) => key.kid === kid);
  if (!jwk) throw new Error(`no key ${String(kid)} signs access tokens`);
  const input = `${header}.${encoded({ ...decoded(payload), ...changes })}`;
  const signature = sign(null, Buffer.from(input), createPrivateKey({ key: jwk, format: 'jwk' }));
  return `${input}.${signature.toString('base64url')}`;
}

function edited(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, encoded({ ...decoded(payload), roles: ['OPERATOR'] }), signature].join('.');
}

function unsigned(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  return [encoded({ ...decoded(header), alg: 'none' }), payload, ''].join('.');
}

function decoded(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
