import { betweenCrashPoints } from '@marketgraph/platform/core';
import type { OperationKind } from '../domain/payout.ts';

/** Around the one call that moves money, so that a test can end the process on either side of it. */
export function asking<T>(kind: OperationKind, call: () => Promise<T>): Promise<T> {
  switch (kind) {
    case 'REFUND':
      return betweenCrashPoints('provider.refund', call);
    case 'TRANSFER':
      return betweenCrashPoints('provider.transfer', call);
    case 'REVERSAL':
      return betweenCrashPoints('provider.reverse', call);
  }
}
