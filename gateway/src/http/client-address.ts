import type { IncomingMessage } from 'node:http';

/** The peer, or what as many trusted proxies as there are say of it. Anything else in the header is hearsay. */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return peer;
  const header = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((hop) => hop.trim());
  const named = hops.at(-trustedProxies);
  return named && /^[0-9a-f.:]{2,45}$/i.test(named) ? named : peer;
}
