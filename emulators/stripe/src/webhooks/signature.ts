import { createHmac } from 'node:crypto';

/** The header by which an endpoint knows the sender: a time, and a code over the time and the exact body. */
export function signatureHeader({ body, secret, at }: { body: string; secret: string; at: number }): string {
  const code = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return `t=${at},v1=${code}`;
}
