import type { Rejection } from '@marketgraph/platform/core';
import { graphqlError } from '@marketgraph/platform/graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import { ProviderUnavailableError } from '../clients/provider.ts';
import type { UserError } from './shared.type.ts';

export function toUserErrors({ code, message, field }: Rejection): UserError[] {
  const known = UserErrorCode[code as keyof typeof UserErrorCode] ?? UserErrorCode.INVALID;
  return [Object.assign({ __typename: 'BasicUserError' }, { code: known, message, field: field ?? null })];
}

/**
 * A provider that does not answer is not an outcome: nobody knows yet whether
 * money moved. The caller gets an error that says "ask again", never a refusal
 * it might act on.
 */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProviderUnavailableError)) throw error;
    throw graphqlError('SUBGRAPH_UNAVAILABLE', error.message, { service: 'payments', retryable: true });
  }
}
