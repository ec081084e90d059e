import { createHash, randomBytes } from 'node:crypto';
import { API_KEY_PREFIX } from '@marketgraph/schema/api-keys';

/** 256 random bits behind the prefix. */
export function newApiKeySecret(): string {
  return `${API_KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
}

/** What the database knows of a secret, and the gateway asks by. It has 256 random bits, so that a fast hash is enough. */
export function hashApiKeySecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
