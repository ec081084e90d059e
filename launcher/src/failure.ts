import { ConfigurationError } from '@marketgraph/platform/config';

/** Errors whose message already is a sentence for the person at the terminal. */
const SPOKEN = new Set([
  'StoreUnavailableError',
  'StoreStartError',
  'PortInUseError',
  'DataFolderVersionError',
  'DataFolderInUseError',
]);

export function sentenceFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (SPOKEN.has(error.name) || error instanceof ConfigurationError || error instanceof RangeError)
    return error.message;
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_PARSE_ARGS')) return `${error.message} Try --help.`;
  return `${error.stack ?? error.message}\nMore in the logs folder of the data folder.`;
}
