import type { GraphQLError } from 'graphql';

/** A request that is answered without being run. */
export class RequestError extends Error {
  constructor(
    readonly errors: readonly GraphQLError[],
    readonly status = 400,
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(errors.map(({ message }) => message).join('; '), options);
    this.name = 'RequestError';
  }
}
