import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { CommandError } from '../errors.ts';

/** What is kept of a password: enough to check a proof of it, not enough to make one. */
export interface ScramCredential {
  salt: Buffer;
  iterations: number;
  storedKey: Buffer;
  serverKey: Buffer;
}

const ITERATIONS = 15_000;
const MAX_PAYLOAD = 4_096;

export function makeCredential(password: string): ScramCredential {
  const salt = randomBytes(28);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  return {
    salt,
    iterations: ITERATIONS,
    storedKey: createHash('sha256').update(hmac(salted, 'Client Key')).digest(),
    serverKey: hmac(salted, 'Server Key'),
  };
}

/** A credential nobody has, so that an unknown user name takes the same steps as a wrong password. */
const nobody: ScramCredential = {
  salt: randomBytes(28),
  iterations: ITERATIONS,
  storedKey: randomBytes(32),
  serverKey: randomBytes(32),
};

/** One SCRAM-SHA-256 conversation (RFC 5802, RFC 7677): the client's first message, then its proof. */
export class ScramConversation {
  readonly username: string;
  /** The answer to the first message. */
  readonly challenge: string;
  readonly #credential: ScramCredential;
  readonly #nonce: string;
  readonly #firstBare: string;

  constructor(payload: Uint8Array, credentialOf: (username: string) => ScramCredential | undefined) {
    const text = textOf(payload);
    const [flag, authzid, ...bare] = text.split(',');
    if ((flag !== 'n' && flag !== 'y') || authzid !== '') throw failed();
    this.#firstBare = bare.join(',');
    const fields = parseFields(this.#firstBare);
    const [username, clientNonce] = [fields.get('n'), fields.get('r')];
    if (username === undefined || !clientNonce) throw failed();
    this.username = username.replaceAll('=2C', ',').replaceAll('=3D', '=');
    this.#credential = credentialOf(this.username) ?? nobody;
    this.#nonce = clientNonce + randomBytes(24).toString('base64');
    const { salt, iterations } = this.#credential;
    this.challenge = `r=${this.#nonce},s=${salt.toString('base64')},i=${iterations}`;
  }

  /** Checks the proof; answers the server's own signature. */
  finish(payload: Uint8Array): string {
    const text = textOf(payload);
    const fields = parseFields(text);
    const proof = Buffer.from(fields.get('p') ?? '', 'base64');
    if (fields.get('r') !== this.#nonce || fields.get('c') !== 'biws' || proof.length !== 32) throw failed();
    const withoutProof = text.slice(0, text.lastIndexOf(',p='));
    const authMessage = `${this.#firstBare},${this.challenge},${withoutProof}`;
    const signature = hmac(this.#credential.storedKey, authMessage);
    const clientKey = Buffer.from(proof.map((byte, i) => byte ^ (signature[i] as number)));
    const storedKey = createHash('sha256').update(clientKey).digest();
    if (!timingSafeEqual(storedKey, this.#credential.storedKey)) throw failed();
    return `v=${hmac(this.#credential.serverKey, authMessage).toString('base64')}`;
  }
}

/** One message for every reason: it does not tell which part was wrong. */
export function failed(): CommandError {
  return new CommandError('AuthenticationFailed', 'Authentication failed.');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function textOf(payload: Uint8Array): string {
  if (payload.byteLength > MAX_PAYLOAD) throw failed();
  return Buffer.from(payload).toString('utf8');
}

function parseFields(text: string): Map<string, string> {
  return new Map(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
