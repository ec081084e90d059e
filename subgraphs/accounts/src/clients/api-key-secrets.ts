import { randomBytes } from 'node:crypto';
import { API_KEY_PREFIX } from '@marketgraph/schema/api-keys';

/** 256 random bits behind the prefix. */
export function newApiKeySecret(): string {
  return `${API_KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
}
