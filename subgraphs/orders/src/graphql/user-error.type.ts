import type { Rejection } from '@marketgraph/platform/core';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import { Directive, Field, Int, ObjectType } from 'type-graphql';
import { Offer } from './entities.type.ts';
import { UserError } from './shared.type.ts';

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'There are fewer units of an offer than were asked for.' })
export class InsufficientStockError extends UserError {
  @Field(() => Offer, { description: 'The offer that is short.' })
  offer!: Offer;

  @Field(() => Int, { description: 'Units asked for.' })
  requested!: number;

  @Field(() => Int, { description: 'Units that could be had.' })
  available!: number;
}

/** A refusal as the schema tells it. A code of another service that the schema does not know is a CONFLICT. */
export function toUserError(rejection: Rejection): UserError {
  const { message, field, details } = rejection;
  const code = rejection.code in UserErrorCode ? (rejection.code as UserErrorCode) : UserErrorCode.CONFLICT;
  const basic = { code, message, field: field ?? null };
  if (code === UserErrorCode.INSUFFICIENT_STOCK && typeof details?.['offerId'] === 'string') {
    return Object.assign(new InsufficientStockError(), basic, {
      __typename: 'InsufficientStockError',
      offer: { id: details['offerId'] },
      requested: Number(details['requested'] ?? 0),
      available: Number(details['available'] ?? 0),
    });
  }
  return Object.assign(basic, { __typename: 'BasicUserError' });
}

export const toUserErrors = (rejections: readonly Rejection[]): UserError[] => rejections.map(toUserError);
