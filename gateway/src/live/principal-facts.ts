import type { Logger } from '@marketgraph/platform/telemetry';
import { apiKeyRevoked, principalChanged, sessionRevoked } from '@marketgraph/schema/events/accounts';
import type { Audience, LoggedEvent } from '@marketgraph/federation-live';
import type { Identity } from '../identity/identity.ts';
import type { SessionWatch } from './session-watch.ts';

/** What accounts says about users and API keys, put to work at once: caches dropped, sockets closed, streams asked again. */
export function principalFacts(parts: {
  identity: Identity;
  sessions: SessionWatch;
  recheck(concerns: (audience: Audience) => boolean): Promise<void>;
  log: Logger;
}): (event: LoggedEvent) => void {
  const { identity, sessions, recheck, log } = parts;

  const askAgain = async (userId: string): Promise<void> => {
    await sessions.principalChanged(userId);
    await recheck(({ subject }) => subject === userId);
  };

  return ({ domain, envelope }) => {
    if (domain !== 'accounts') return;
    const userId = envelope.key;
    if (envelope.name === sessionRevoked.name) {
      const { sessionId } = envelope.payload as typeof sessionRevoked.sample;
      identity.forget(userId);
      sessions.sessionRevoked(userId, sessionId);
    }
    if (envelope.name === apiKeyRevoked.name) {
      identity.forgetKey(envelope.key);
      sessions.sessionRevoked(envelope.key, null);
    }
    if (envelope.name === principalChanged.name) {
      identity.forget(userId);
      askAgain(userId).catch((error: unknown) => log.warn({ err: error, userId }, 'access could not be checked again'));
    }
  };
}
