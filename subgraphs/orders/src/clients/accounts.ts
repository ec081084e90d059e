import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { CallOptions } from './catalog.ts';

/** The port to accounts: what of a buyer only accounts may say. */
export interface AccountsClient {
  /** Those of these users who are Prime, in one call. */
  primeAmong(userIds: readonly string[], call?: CallOptions): Promise<ReadonlySet<string>>;
}

const USERS = `query OrdersBuyers($users: [_Any!]!) {
  _entities(representations: $users) { ... on User { id isPrime } }
}`;

export function accountsOverPeers(peers: SubgraphClient): AccountsClient {
  return {
    async primeAmong(userIds, call) {
      if (userIds.length === 0) return new Set();
      const users = [...new Set(userIds)].map((id) => ({ __typename: 'User', id }));
      const answer = await peers.call<{ _entities: ({ id: string; isPrime: boolean } | null)[] }>(
        'accounts',
        USERS,
        { users },
        call,
      );
      return new Set(answer._entities.flatMap((user) => (user?.isPrime ? [user.id] : [])));
    },
  };
}
