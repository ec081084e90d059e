import { anonymous } from '@marketgraph/platform/graphql';
import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { silentLog as log } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import type { SubgraphFetch } from './fetch.ts';
import { graphContext } from './graph-context.ts';
import { tellUnavailable } from './tell-unavailable.ts';

type Reason = SubgraphUnavailableError['reason'];

/** Whether a client is told that it may ask again, of each root field. */
async function mayAskAgain(
  reason: Reason,
  query: string,
  { variables = {}, ...options }: { variables?: SubgraphFetch['variables']; wasSent?: boolean } = {},
) {
  const failing = () => Promise.reject(new SubgraphUnavailableError('orders', reason, options));
  const fetch = tellUnavailable(failing, { log, idempotent: new Set(['cartDeliverySelect']) });
  const { errors } = await fetch(
    'orders',
    { query, variables },
    graphContext({ viewer: anonymous, timeoutMs: 10_000 }),
  );
  return errors!.map(({ extensions }) => extensions!['retryable']);
}

const START =
  'mutation($cartId: ID!, $key: IdempotencyKey) { checkoutStart(cartId: $cartId, idempotencyKey: $key) { x } }';

describe('R17 R24 a subgraph that did not answer', () => {
  it('may be asked again for anything that is read', async () => {
    for (const reason of ['timeout', 'unreachable', 'refused', 'circuit-open'] as const) {
      expect(await mayAskAgain(reason, '{ cart { id } orders { id } }')).toEqual([true, true]);
    }
  });

  it('may have run a mutation it was sent: again only with the key that it had', async () => {
    for (const reason of ['timeout', 'refused'] as const) {
      expect(await mayAskAgain(reason, START, { variables: { cartId: 'c', key: 'k-1' } })).toEqual([true]);
      expect(await mayAskAgain(reason, START, { variables: { cartId: 'c', key: null } })).toEqual([false]);
      expect(await mayAskAgain(reason, START, { variables: { cartId: 'c' } })).toEqual([false]);
      expect(await mayAskAgain(reason, 'mutation { a(idempotencyKey: "k") { x } b { x } }')).toEqual([true, false]);
    }
  });

  it('may be asked again for what only sets something, whatever it is called in the answer', async () => {
    for (const reason of ['timeout', 'refused'] as const) {
      expect(await mayAskAgain(reason, 'mutation { cartDeliverySelect { x } mine: cartDeliverySelect { x } }')).toEqual(
        [true, true],
      );
      expect(await mayAskAgain(reason, 'mutation { cartDeliverySelect: cartCreate { x } }')).toEqual([false]);
    }
  });

  it('has run nothing of what was not sent', async () => {
    for (const reason of ['unreachable', 'circuit-open'] as const) {
      expect(await mayAskAgain(reason, 'mutation { cartCreate { x } }')).toEqual([true]);
    }
  });

  it('may have run what it had taken when it went away', async () => {
    const lost = { wasSent: true };
    expect(await mayAskAgain('unreachable', 'mutation { a { x } cartDeliverySelect { x } }', lost)).toEqual([
      false,
      true,
    ]);
    expect(await mayAskAgain('unreachable', '{ a { x } }', lost)).toEqual([true]);
  });
});
