/** How the secret of an API key begins: whoever finds one, a person or a scanner, knows what it is. */
export const API_KEY_PREFIX = 'mgk_';

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
