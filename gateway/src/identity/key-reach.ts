import { anonymous, forbidden, type Viewer } from '@marketgraph/platform/graphql';
import { RequestError } from '../limits/request-error.ts';
import type { PreparedOperation } from '../limits/documents.ts';

/** A key opens the root fields its scopes name, and no other. Throws a `RequestError` with 403. */
export function assertOpenTo(viewer: Viewer, prepared: Pick<PreparedOperation, 'closedTo'>): void {
  if (viewer.kind !== 'apiKey') return;
  const closed = prepared.closedTo(viewer.scopes);
  if (closed !== null) throw new RequestError([forbidden(`This API key has no scope for ${closed}.`)], 403);
}

/**
 * Who a subgraph is told that asks. A key acts for its vendor in the areas of its scopes; what an operation selects
 * beyond, such as the balance of the vendor of an order, is what everybody sees.
 */
export function viewerAt(service: string, viewer: Viewer): Viewer {
  if (viewer.kind !== 'apiKey') return viewer;
  return viewer.scopes.some((scope) => scope.startsWith(`${service}:`)) ? viewer : anonymous;
}
