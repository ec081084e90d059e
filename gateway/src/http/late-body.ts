import type { IncomingMessage } from 'node:http';

/**
 * Calls `late` when a body nobody in this process reads with a limit of its own has not arrived in time. Costs nothing
 * where there is none. Node's own limit is that of uploads, and Node keeps waiting also when the answer is out.
 */
export function watchBody(request: IncomingMessage, limitMs: number, late: () => void): void {
  if (!hasBody(request)) return;
  const timer = setTimeout(() => {
    if (!request.complete) late();
  }, limitMs);
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
