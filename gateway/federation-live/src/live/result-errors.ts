import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/** A null that broke a promise of the schema is an error like any other; the stock executor only hints at it. */
export function errorsOf(result: {
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}): GraphQLError[] {
  const completion = result.extensions?.['valueCompletion'];
  const hinted = Array.isArray(completion) ? (completion as GraphQLFormattedError[]) : [];
  return [...(result.errors ?? []), ...hinted].map(toGraphQLError);
}

/** The stock executor also lists plain errors and errors as they came off a wire. */
export function toGraphQLError(error: GraphQLFormattedError | Error): GraphQLError {
  if (error instanceof GraphQLError) return error;
  if (error instanceof Error) return new GraphQLError(error.message, { originalError: error });
  return new GraphQLError(error.message, { path: error.path, extensions: error.extensions });
}
