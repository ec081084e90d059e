import { isActing, principalOf, unauthenticated, type Viewer } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import { SpanKind, traced } from '@marketgraph/platform/tracing';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { LiveGraph } from '@marketgraph/federation-live';
import { SubscriptionRefusedError } from '@marketgraph/federation-live';
import type { Audience, LiveSink } from '@marketgraph/federation-live';
import type { Caller, Identity } from '../identity/identity.ts';
import type { Documents, OperationRequest, PreparedOperation } from '../limits/documents.ts';
import { publicError } from '../limits/public-error.ts';
import { RequestError } from '../limits/request-error.ts';
import { prepareCharged } from '../rate/prepare-charged.ts';
import type { RateLimits } from '../rate/rate-limits.ts';
import { graphContext } from '../query/graph-context.ts';
import type { QueryEngine } from '../query/query-engine.ts';

/** Where the results of one operation of a socket or a stream go. */
export interface OperationSink extends Omit<LiveSink, 'end'> {
  /** Nothing follows. With errors: the operation ended with them. */
  end(errors: readonly GraphQLFormattedError[] | null): void;
}

export interface Operations {
  /** Runs any operation; everything that happens is told to the sink. Resolves to the way to stop it. */
  run(request: OperationRequest, caller: Caller, address: string, sink: OperationSink): Promise<() => void>;
}

/** Queries, mutations and subscriptions alike, for transports that answer more than once. */
export function createOperations(parts: {
  documents: Documents;
  engine: QueryEngine;
  live: LiveGraph;
  identity: Identity;
  rates: RateLimits;
  timeoutMs: number;
  log: Logger;
}): Operations {
  const { engine, live, identity, rates, timeoutMs, log } = parts;

  const audienceOf = (caller: Caller, address: string): Audience => {
    const { viewer } = caller;
    const subject = isActing(viewer) ? principalOf(viewer) : 'anonymous';
    return {
      scope: viewer.kind === 'user' ? `${subject} ${viewer.sessionId}` : subject,
      subject,
      ownKey: viewer.kind === 'user' ? subject : undefined,
      async context() {
        const current = await identity.current(caller);
        return current && graphContext({ viewer: current, timeoutMs, address });
      },
    };
  };

  const once = async (
    prepared: PreparedOperation,
    { operationName, variables }: OperationRequest,
    { caller, address, sink }: { caller: Caller; address: string; sink: OperationSink },
  ) => {
    const viewer: Viewer | null = await identity.current(caller);
    if (!viewer) throw new RequestError([unauthenticated()], 401);
    const context = graphContext({ viewer, timeoutMs, address });
    const runnable = { ...prepared, operationName: operationName ?? undefined, variables: { ...variables } };
    const result = await traced('socket operation', { service: 'gateway', kind: SpanKind.SERVER }, () =>
      engine.execute(runnable, context),
    );
    const body = JSON.stringify(result);
    sink.next({ body, bytes: Buffer.byteLength(body) });
    sink.end(null);
  };

  return {
    async run(request, caller, address, sink) {
      const { requestId } = graphContext({ viewer: caller.viewer, timeoutMs });
      const shown = (errors: readonly GraphQLError[]) => errors.map((error) => publicError(error.toJSON(), requestId));
      try {
        const prepared = await prepareCharged(parts, request, { viewer: caller.viewer, address });
        const { document, operation, text } = prepared;
        await rates.spend(caller.viewer, address, prepared.cost + prepared.takeSurcharge());
        if (operation.operation !== 'subscription') {
          await once(prepared, request, { caller, address, sink });
          return () => undefined;
        }
        const { operationName, variables } = request;
        const leave = rates.enterSubscription(caller.viewer, address);
        const subscription = await live
          .subscribe(
            { document, text, operationName: operationName ?? undefined, variables: variables ?? {} },
            audienceOf(caller, address),
            {
              get isClosed() {
                return sink.isClosed;
              },
              get hasRoom() {
                return sink.hasRoom;
              },
              next: (frame) => sink.next(frame),
              drained: () => sink.drained(),
              end(errors) {
                leave();
                sink.end(errors && shown(errors));
              },
            },
          )
          .catch((error: unknown) => {
            leave();
            throw error;
          });
        return () => {
          leave();
          subscription.stop();
        };
      } catch (error) {
        if (error instanceof RequestError || error instanceof SubscriptionRefusedError) {
          sink.end(shown(error.errors));
        } else {
          log.error({ err: error, requestId }, 'operation failed');
          sink.end([publicError({ message: '' }, requestId)]);
        }
        return () => undefined;
      }
    },
  };
}
