import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** How long an endpoint may take; Stripe's own limit is of this order. */
const TIMEOUT_MS = 10_000;

/** Posts one body and tells the status. Connections are kept for the next one until `close`. */
export class Poster {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 32 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 32 });

  post(url: string, body: string, headers: Record<string, string>): Promise<number> {
    const isTls = url.startsWith('https:');
    const send = isTls ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          method: 'POST',
          agent: isTls ? this.#https : this.#http,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (response) => {
          // Only the status counts; the body is thrown away unread, however long it is.
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
          response.once('error', reject);
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
