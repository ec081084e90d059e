/** What drivers and clients say when the other side is away, or goes away in the middle of an answer. */
const NAMES = new Set([
  'SubgraphUnavailableError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MaxRetriesPerRequestError',
]);
/** Of sockets; and of PostgreSQL: connection exceptions, and a server that stops, has crashed, or is not up yet. */
const CODES = /^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|08...|57P0[123])$/;
/** Of drivers that have neither a name nor a code for it. */
const WORDS =
  /^(?:Connection terminated|Connection is closed|Command timed out|timeout exceeded when trying to connect|Stream isn't writeable|Client has encountered a connection error|Client was closed)|-?(?:LOADING|UNBLOCKED)\b/i;
const MAX_CAUSES = 10;

/**
 * Whether something failed because a store or a service was away: nothing is known to be wrong with the work itself, and
 * the same will do when the other side is back.
 */
export function isOutage(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if (NAMES.has(current.name) || WORDS.test(current.message)) return true;
    if ('code' in current && typeof current.code === 'string' && CODES.test(current.code)) return true;
    if (current instanceof AggregateError && current.errors.some(isOutage)) return true;
    current = current.cause;
  }
  return false;
}
