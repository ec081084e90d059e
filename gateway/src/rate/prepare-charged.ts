import type { Viewer } from '@marketgraph/platform/graphql';
import type { Documents, OperationRequest, PreparedOperation } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import { assertOpenTo } from '../identity/key-reach.ts';
import type { RateLimits } from './rate-limits.ts';

/** For a text that is read to be refused. Clients of ours send none; who sends many is slowed down. */
export const REFUSED_POINTS = 100;

/** The prepared operation, open to whoever asks; what is refused costs too, and is told so once there is nothing left to spend. */
export async function prepareCharged(
  { documents, rates }: { documents: Documents; rates: RateLimits },
  request: OperationRequest,
  { viewer, address }: { viewer: Viewer; address: string },
): Promise<PreparedOperation> {
  try {
    const prepared = documents.prepare(request);
    assertOpenTo(viewer, prepared);
    return prepared;
  } catch (error) {
    // A hash that is not known is part of a protocol, and nothing was read.
    const isRefusal = error instanceof RequestError && error.status >= 400;
    if (isRefusal) await rates.spend(viewer, address, REFUSED_POINTS);
    throw error;
  }
}
