import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sendJson } from '@marketgraph/platform/serve';
import type { CommandDeps } from '../commands/command-deps.ts';
import { readImportErrors } from '../store/imports.ts';

/** How long an address of an error file works; asking for the import gives a fresh one. */
const LIFETIME_MS = 60 * 60 * 1_000;
const PATH = /^\/exports\/(imp_[0-9A-Z]{26})\.ndjson$/;

export function errorFileUrl(deps: Pick<CommandDeps, 'signer' | 'publicUrl' | 'clock'>, importId: string): string {
  const expiresAt = new Date(deps.clock.now().getTime() + LIFETIME_MS);
  return deps.publicUrl + deps.signer.sign(`/exports/${importId}.ndjson`, expiresAt);
}

/** One JSON object per bad row, in the order of the file: JSON, so that no cell is a formula to a spreadsheet. */
export async function sendErrorFile(
  deps: CommandDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://catalog');
  const importId = PATH.exec(url.pathname)?.[1];
  if (!importId || !deps.signer.verify(url.pathname, url.searchParams, deps.clock.now())) {
    return sendJson(response, 403, { errors: [{ message: 'This address is not valid any more.' }] });
  }
  response.writeHead(200, {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-disposition': `attachment; filename="${importId}-errors.ndjson"`,
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
  const lines = async function* () {
    for await (const error of readImportErrors(deps.store, importId)) yield `${JSON.stringify(error)}\n`;
  };
  return pipeline(Readable.from(lines()), response);
}
