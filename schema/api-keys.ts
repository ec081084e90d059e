import { createHash } from 'node:crypto';

/** How the secret of an API key begins: whoever finds one, a person or a scanner, knows what it is. */
export const API_KEY_PREFIX = 'mgk_';

/** What accounts keeps of a secret, and a gateway asks it by: 256 random bits are behind the prefix, so that a fast hash is enough. */
export function hashApiKey(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * What an API key can be for. Before the colon is the subgraph in which the key acts for its vendor; which fields a scope
 * opens, the fields say themselves: `@apiScope(anyOf:)`.
 */
export const apiScopes = [
  'catalog:read',
  'catalog:write',
  'inventory:read',
  'inventory:write',
  'orders:fulfill',
  'orders:read',
] as const;

export type ApiScope = (typeof apiScopes)[number];
