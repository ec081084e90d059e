import type { Subgraph, SubgraphRequest, SubgraphResponse } from '../graphql/subgraph.ts';
import type { Viewer } from '../graphql/viewer.ts';
import { SubgraphUnavailableError, type SubgraphTransport, timeLeftMs } from './transport.ts';

export function inProcessTransport(subgraphs: readonly Subgraph[]): SubgraphTransport {
  const byName = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const find = (name: string): Subgraph => {
    const subgraph = byName.get(name);
    if (!subgraph) throw new SubgraphUnavailableError(name, 'unreachable');
    return subgraph;
  };
  return {
    names: [...byName.keys()],
    execute: async (name, request) =>
      copied(await withinDeadline(name, request, find(name).execute(copyRequest(request)))),
    executeEvent: async (name, request) =>
      copied(await withinDeadline(name, request, find(name).executeEvent(copyRequest(request)))),
    async forward(name, request, response) {
      const path = request.url ?? '/';
      const route = find(name).routes.find(
        (candidate) => candidate.method === request.method && path.startsWith(candidate.prefix),
      );
      if (!route) {
        response.writeHead(404).end();
        return;
      }
      await route.handle(request, response);
    },
    readiness: async (name) => find(name).readiness(),
    close: async () => undefined,
  };
}

function copyRequest<T extends SubgraphRequest>(request: T): T {
  const { variables, viewer } = request;
  return { ...request, variables: variables && plainCopy(variables), viewer: sealedCopy(viewer) };
}

/** What a wire would make of it, without the text in between. Depth and size of variables are limited at the door. */
function plainCopy<T>(value: T): T;
function plainCopy(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one) => (one === undefined ? null : plainCopy(one as unknown)));
  if ('toJSON' in value && typeof value.toJSON === 'function') return plainCopy(value.toJSON() as unknown);
  const copy: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue;
    // An assignment to this one name would set the prototype.
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value: plainCopy(one), enumerable: true, configurable: true, writable: true });
    else copy[key] = plainCopy(one as unknown);
  }
  return copy;
}

/** A viewer makes many calls; all of them get one copy that nobody can change. */
const sealed = new WeakMap<Viewer, Viewer>();

function sealedCopy(viewer: Viewer): Viewer {
  let copy = sealed.get(viewer);
  if (!copy) {
    copy = deepFreeze(plainCopy(viewer));
    sealed.set(viewer, copy);
  }
  return copy;
}

function deepFreeze<T extends object>(value: T): T {
  for (const one of Object.values(value)) if (one !== null && typeof one === 'object') deepFreeze(one);
  return Object.freeze(value);
}

/** What leaves a subgraph is JSON on the wire; in one process it is made plain the same way. */
function copied({ data, errors, extensions }: SubgraphResponse): SubgraphResponse {
  return {
    ...(data === undefined ? {} : { data }),
    ...(errors ? { errors } : {}),
    ...(extensions ? { extensions } : {}),
  };
}

function withinDeadline<T>(name: string, request: SubgraphRequest, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new SubgraphUnavailableError(name, 'timeout')), timeLeftMs(request));
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}
