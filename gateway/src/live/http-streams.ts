import type { ServerResponse } from 'node:http';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { SocketLimits } from '../config.ts';
import type { Caller } from '../identity/identity.ts';
import type { OperationRequest } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import { HttpStream } from './http-stream.ts';
import type { RateLimits } from '../rate/rate-limits.ts';
import type { Operations } from './operations.ts';
import type { SessionWatch } from './session-watch.ts';
import type { StreamFormat } from './stream-format.ts';
import type { UnsentBytes } from './unsent-bytes.ts';

export interface HttpStreams {
  /** Answers with a stream of the operation's results. Rejects when it cannot begin. */
  open(options: {
    format: StreamFormat;
    response: ServerResponse;
    operation: OperationRequest;
    caller: Caller;
    address: string;
  }): Promise<void>;
  count(): number;
  /** Ends every stream; clients are to come back. */
  stop(): void;
}

/** Everything that answers with a stream over HTTP, in whatever format. */
export function createHttpStreams(parts: {
  operations: Operations;
  sessions: SessionWatch;
  rates: RateLimits;
  limits: SocketLimits;
  unsent: UnsentBytes;
  log: Logger;
}): HttpStreams {
  const { operations, sessions, rates, limits } = parts;
  const open = new Set<HttpStream>();

  return {
    async open({ format, response, operation, caller, address }) {
      // Gone while its token was looked at: it will not be heard of again.
      if (response.destroyed) return;
      if (open.size >= limits.maxClients) {
        const busy = graphqlError('RATE_LIMITED', 'Too many streams are open.', { retryable: true });
        throw new RequestError([busy], 503, { 'retry-after': '10' });
      }
      const leaveAddress = rates.enterAddress(address);
      const leaveUser = enterOr(() => rates.enterUser(caller.viewer), leaveAddress);
      const stream = new HttpStream(response, format, { ...parts, address }, () => {
        unwatch();
        open.delete(stream);
        leaveUser();
        leaveAddress();
      });
      const unwatch = sessions.watch(caller, () => stream.sessionEnded());
      open.add(stream);
      stream.onStop(await operations.run(operation, caller, address, stream));
    },
    count: () => open.size,
    stop() {
      for (const stream of open) stream.goAway();
    },
  };
}

/** A place that is refused gives back the one taken before it. */
function enterOr(enter: () => () => void, giveBack: () => void): () => void {
  try {
    return enter();
  } catch (error) {
    giveBack();
    throw error;
  }
}
