import type { IncomingMessage, ServerResponse } from 'node:http';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { SubgraphTransport } from '@marketgraph/platform/serve';
import { RequestError } from '../limits/request-error.ts';
import { methodNotAllowed } from './responses.ts';

/** Paths of the public port that a subgraph answers itself. */
export interface PublicRoute {
  prefix: string;
  subgraph: string;
  methods: readonly string[];
  /** Bodies may be large and slow; the subgraph says how large. */
  takesUploads?: boolean;
}

export const publicRoutes: readonly PublicRoute[] = [
  { prefix: '/uploads/', subgraph: 'catalog', methods: ['PUT', 'POST'], takesUploads: true },
  { prefix: '/media/', subgraph: 'catalog', methods: ['GET', 'HEAD'] },
  { prefix: '/exports/', subgraph: 'catalog', methods: ['GET', 'HEAD'] },
  { prefix: '/webhooks/stripe', subgraph: 'payments', methods: ['POST'] },
  { prefix: '/.well-known/jwks.json', subgraph: 'accounts', methods: ['GET', 'HEAD'] },
];

export function routeOf(path: string): PublicRoute | undefined {
  return publicRoutes.find(({ prefix }) => (prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix));
}

/** Who somebody is, is not theirs to say: such headers end here. */
const CREDENTIALS = /^(authorization|cookie|x-user-.*|x-internal-.*)$/;

export async function forwardTo(
  route: PublicRoute,
  transport: SubgraphTransport,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!route.methods.includes(request.method ?? '')) throw methodNotAllowed(route.methods.join(', '));
  for (const name of Object.keys(request.headers)) {
    if (CREDENTIALS.test(name)) delete request.headers[name];
  }
  try {
    await transport.forward(route.subgraph, request, response);
  } catch (error) {
    if (response.headersSent) throw error;
    const unavailable = graphqlError('SUBGRAPH_UNAVAILABLE', `${route.subgraph} is not available at the moment.`, {
      service: route.subgraph,
      retryable: true,
    });
    throw new RequestError([unavailable], 503, { 'retry-after': '5' }, { cause: error });
  }
}
