import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Characters after the prefix; the length Stripe's own ids have. */
const ID_LENGTH = 24;

export function randomText(length: number): string {
  let text = '';
  // 62 does not divide 256: bytes from 248 on are skipped so that no letter is likelier than another.
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
}

export function newId(prefix: string): string {
  return `${prefix}_${randomText(ID_LENGTH)}`;
}

/** The only secret a buyer's client holds: it opens one payment and nothing else. */
export function newClientSecret(id: string): string {
  return `${id}_secret_${randomText(25)}`;
}
