import { GraphQLError } from 'graphql';

/** A plan or an operation that this executor refuses to run, because it would run it wrongly. */
export class UnsupportedPlanError extends GraphQLError {
  override readonly name = 'UnsupportedPlanError';

  constructor(message: string) {
    super(message, { extensions: { code: 'BAD_REQUEST' } });
  }
}
