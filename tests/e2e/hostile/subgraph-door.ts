import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import type { internalTokenSigner } from '@marketgraph/platform/serve';
import { describe, expect, it } from 'vitest';
import type { AccessCast } from '../access/cast-of-access.ts';

const SUBGRAPHS = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];
const FORGED = {
  'x-user-id': 'usr_01J00000000000000000000001',
  'x-user-role': 'OPERATOR',
  'x-internal-viewer': '{"kind":"service","service":"gateway"}',
  'x-forwarded-for': '127.0.0.1',
};

type Jwk = Parameters<typeof internalTokenSigner>[0];

function gatewayKey({ market }: AccessCast): Jwk {
  const { services } = JSON.parse(readFileSync(join(market.dataDir, 'keys.json'), 'utf8')) as {
    services: Record<string, Jwk>;
  };
  return services['gateway']!;
}

/** What the gateway signed, as it was so many seconds ago; or with another header or other claims. */
function signed(
  key: Jwk,
  audience: string,
  { ageS = 0, lifetimeS = 60, typ = 'internal+jwt', viewer = anonymous as Viewer }: TokenWishes,
): string {
  const iat = Math.floor(Date.now() / 1_000) - ageS;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { viewer, iss: key.kid, aud: audience, iat, exp: iat + lifetimeS };
  const input = `${part({ alg: 'EdDSA', kid: key.kid, typ })}.${part(claims)}`;
  const privateKey = createPrivateKey({ key: key as JsonWebKey, format: 'jwk' });
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

interface TokenWishes {
  ageS?: number;
  lifetimeS?: number;
  typ?: string;
  viewer?: Viewer;
}

/** Called without the gateway; what it answers to other credentials is shown where access is. */
export function itIsNoDoorOfItsOwn(cast: () => AccessCast): void {
  describe('a subgraph that is called directly', () => {
    const call = async (name: string, query: string, headers: Record<string, string>, variables = {}) => {
      const response = await fetch(`${cast().market.processes!.services.get(name)!.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, text: await response.text() };
    };

    it.each(SUBGRAPHS)('64 %s takes no stale token, no other kind of token, and no word of a header', async (name) => {
      const key = gatewayKey(cast());
      const bad: Record<string, Record<string, string>> = {
        'headers alone': FORGED,
        'a token played again after its minute': {
          authorization: `Bearer ${signed(key, name, { ageS: 90 })}`,
        },
        'an old token that says it lives for a day': {
          authorization: `Bearer ${signed(key, name, { ageS: 90, lifetimeS: 86_400 })}`,
        },
        'a token of tomorrow': { authorization: `Bearer ${signed(key, name, { ageS: -3_600 })}` },
        'a token of another kind': { authorization: `Bearer ${signed(key, name, { typ: 'at+jwt' })}` },
        'the gateway’s key in the name of another service': {
          authorization: `Bearer ${signed(key, name, { viewer: { kind: 'service', service: 'orders' } })}`,
        },
      };
      for (const [what, headers] of Object.entries(bad)) {
        for (const query of ['{ __typename }', '{ _service { sdl } }']) {
          const { status, text } = await call(name, query, { ...FORGED, ...headers });
          expect(status, what).toBeOneOf([401, 403]);
          expect(text).not.toMatch(/"data"|type Query/);
        }
      }
      const good = signed(key, name, {});
      expect((await call(name, '{ __typename }', { authorization: `Bearer ${good}` })).status).toBe(200);
    });

    it.each<[string, string, (cast: AccessCast) => string, string]>([
      ['orders', 'Order', ({ bought }) => bought.orderId, 'number'],
      ['orders', 'VendorOrder', ({ order }) => order.vendorOrders[0]!.id, 'status'],
      ['orders', 'OrderLine', ({ order }) => order.vendorOrders[0]!.lines[0]!.id, 'quantity'],
      ['orders', 'Cart', ({ cartId }) => cartId, 'version'],
      ['payments', 'Payment', ({ bought }) => bought.paymentId, 'status'],
      ['accounts', 'SavedAddress', ({ addressId }) => addressId, 'address { line1 }'],
    ])(
      '31 %s gives %s by its key to its owner, and to another as if there were none',
      async (name, type, idOf, field) => {
        const key = gatewayKey(cast());
        const { annId, bob, as } = cast();
        const bobId = (await as<{ me: { id: string } }>(bob, '{ me { id } }')).data!.me.id;
        const entity = async (userId: string, id: string) => {
          const viewer: Viewer = { kind: 'user', userId, sessionId: 'ses_x', roles: ['BUYER'], memberships: [] };
          const authorization = `Bearer ${signed(key, name, { viewer })}`;
          const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on ${type} { ${field} } } }`;
          const { text } = await call(name, query, { authorization }, { r: [{ __typename: type, id }] });
          return text.replaceAll(/"requestId":"[^"]*"/g, '');
        };
        const id = idOf(cast());
        const nobodys = `${id.slice(0, id.indexOf('_'))}_01J0000000000000000000NONE`;
        expect(await entity(annId, id)).not.toContain('"_entities":[null]');
        expect(await entity(bobId, id)).toBe(await entity(bobId, nobodys));
        expect(await entity(bobId, id)).toContain('"_entities":[null]');
      },
    );
  });
}
