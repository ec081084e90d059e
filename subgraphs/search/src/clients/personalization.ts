import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';

export const PERSONALIZED = `query($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on User { isPersonalized } } }`;
/** Nobody waits longer to be told that a click was counted. */
const TIMEOUT_MS = 500;

/** Whether somebody wants results of their own, from accounts itself; null when it does not answer. */
export async function personalizationOf(
  peers: SubgraphClient,
  userId: string,
  { log }: { log: Logger },
): Promise<boolean | null> {
  try {
    const representations = [{ __typename: 'User', id: userId }];
    const { _entities } = await peers.call<{ _entities: ({ isPersonalized: boolean } | null)[] }>(
      'accounts',
      PERSONALIZED,
      { representations },
      { timeoutMs: TIMEOUT_MS },
    );
    return _entities[0]?.isPersonalized ?? false;
  } catch (error) {
    log.warn({ err: error }, 'accounts did not answer; nothing is remembered of this person');
    return null;
  }
}
