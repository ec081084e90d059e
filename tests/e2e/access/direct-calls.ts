import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anonymous } from '@marketgraph/platform/graphql';
import { generateServiceKey, internalTokenSigner } from '@marketgraph/platform/serve';
import { describe, expect, it } from 'vitest';
import type { AccessCast } from './cast-of-access.ts';

const SUBGRAPHS = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];
const PROCESSES = [...SUBGRAPHS, 'gateway'];

/** For the shape in which subgraphs are processes: only there is a port of theirs to call. */
export function itAnswersOnlyTheGateway(cast: () => AccessCast): void {
  describe('called directly', () => {
    it.each(SUBGRAPHS)('G1 64 %s answers 401 to all but the gateway and services', async (name) => {
      const { market, ann } = cast();
      const service = market.processes!.services.get(name)!;
      const { services } = JSON.parse(readFileSync(join(market.dataDir, 'keys.json'), 'utf8')) as {
        services: Record<string, Parameters<typeof internalTokenSigner>[0]>;
      };
      const gateway = await internalTokenSigner(services['gateway']!);
      const forger = await internalTokenSigner((await generateServiceKey('gateway')).privateJwk);
      const elsewhere = SUBGRAPHS.find((other) => other !== name)!;
      const impostor = await internalTokenSigner(services[elsewhere]!);
      const credentials: Record<string, string | undefined> = {
        'no token': undefined,
        'no bearer': 'Basic Z2F0ZXdheTo=',
        garbage: 'Bearer garbage',
        'the token of a user': `Bearer ${ann.accessToken}`,
        'under a forged key': `Bearer ${await forger.tokenFor(name, anonymous)}`,
        'for another audience': `Bearer ${await gateway.tokenFor(elsewhere, anonymous)}`,
        'of one service in the name of another': `Bearer ${await impostor.tokenFor(name, { kind: 'service', service: 'orders-impostor' })}`,
      };
      const call = (authorization?: string, path = '/graphql') =>
        fetch(`${service.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
          body: JSON.stringify({ query: '{ __typename }' }),
        });
      for (const [what, authorization] of Object.entries(credentials)) {
        for (const path of ['/graphql', '/events']) {
          const response = await call(authorization, path);
          expect(response.status, `${what} at ${path}`).toBe(401);
          expect(await response.text()).not.toContain('"data"');
        }
      }
      const response = await call(`Bearer ${await gateway.tokenFor(name, anonymous)}`);
      expect([response.status, await response.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
    });

    it.each(PROCESSES)('X5 %s says that it lives and that it is ready', async (name) => {
      const { market } = cast();
      const { url } = market.processes!.services.get(name)!;
      const health = await fetch(`${url}/health`);
      expect([health.status, await health.json()]).toMatchObject([200, { status: 'ok' }]);
      const ready = await fetch(`${url}/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true }]);
    });
  });
}
