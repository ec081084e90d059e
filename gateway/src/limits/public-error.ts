import type { GraphQLFormattedError } from 'graphql';
import { errorCodes } from '@marketgraph/platform/graphql';

const PUBLIC_CODES = new Set<unknown>(errorCodes);
/** What servers and executors add to `extensions` for themselves. */
const PRIVATE_EXTENSIONS = new Set(['stacktrace', 'exception', 'http', 'serviceName']);
/** A message repeats the client's own words; this is as much of them as it gets back. */
const MAX_MESSAGE_LENGTH = 300;
const MAX_PATH_LENGTH = 50;

/**
 * An error as a client may see it. One that carries a code of ours was meant
 * for clients; of any other only a request id is told.
 */
export function publicError(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  const { path, locations, extensions = {} } = error;
  const where = {
    ...(locations ? { locations: locations.slice(0, 3) } : {}),
    ...(path && path.length <= MAX_PATH_LENGTH ? { path } : {}),
  };
  if (!isPublic(error)) {
    return {
      message: 'Something went wrong on our side.',
      ...where,
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: extensions['requestId'] ?? requestId },
    };
  }
  const shown = Object.fromEntries(Object.entries(extensions).filter(([key]) => !PRIVATE_EXTENSIONS.has(key)));
  const service = typeof extensions['serviceName'] === 'string' ? extensions['serviceName'] : undefined;
  return {
    message: cut(withoutSuggestions(error.message)),
    ...where,
    extensions: { ...(service?.startsWith('@') ? {} : service ? { service } : {}), ...shown, requestId },
  };
}

export function isPublic({ extensions }: GraphQLFormattedError): boolean {
  const code = extensions?.['code'];
  return PUBLIC_CODES.has(code) && code !== 'INTERNAL_SERVER_ERROR';
}

/** graphql-js answers a wrong name with the right ones; that would print the schema word by word. */
export function withoutSuggestions(message: string): string {
  return message.replace(/ Did you mean .*$/s, '');
}

function cut(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH - 3)}...` : message;
}
