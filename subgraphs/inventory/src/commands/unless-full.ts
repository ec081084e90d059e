import { QueueFullError } from '@marketgraph/platform/core';
import { graphqlError } from '@marketgraph/platform/graphql';

/** What waits in a queue that is full is told so, and may be asked again. */
export async function unlessFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueueFullError)) throw error;
    throw graphqlError('RATE_LIMITED', 'Too much stock is asked for at the moment. Try again.', { retryable: true });
  }
}
