/** Paths of the public port that a subgraph answers itself. */
export interface PublicRoute {
  prefix: string;
  subgraph: string;
  methods: readonly string[];
}

export const publicRoutes: readonly PublicRoute[] = [
  { prefix: '/uploads/', subgraph: 'catalog', methods: ['PUT', 'POST'] },
  { prefix: '/media/', subgraph: 'catalog', methods: ['GET', 'HEAD'] },
  { prefix: '/exports/', subgraph: 'catalog', methods: ['GET', 'HEAD'] },
  { prefix: '/webhooks/stripe', subgraph: 'payments', methods: ['POST'] },
  { prefix: '/.well-known/jwks.json', subgraph: 'accounts', methods: ['GET', 'HEAD'] },
];

export function routeOf(path: string): PublicRoute | undefined {
  return publicRoutes.find(({ prefix }) => (prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix));
}
