import type { ServerResponse } from 'node:http';
import type { Catalog } from '../store/catalog.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Call = {
  catalog: Catalog;
  /** The parts of the path that stand for something, decoded. */
  path: Readonly<Record<string, string>>;
  query: URLSearchParams;
  body: Buffer;
};

/** What a handler answers: JSON, or text that is already written out, or a stream it writes itself. */
export type Answer =
  | { status?: number; json: unknown }
  | { status?: number; text: string }
  | { stream: (response: ServerResponse) => Promise<void> };

export type Route = {
  method: Method;
  /** Like `/collections/:collection`. */
  path: string;
  /** Query parameters it knows; undefined: it checks them itself. */
  parameters?: readonly string[];
  maxBodyBytes?: number;
  open?: boolean;
  handle: (call: Call) => Answer | Promise<Answer>;
};

export type RouteMatch = { route: Route; path: Record<string, string> };

export function matchRoute(routes: readonly Route[], method: string, pathname: string): RouteMatch | undefined {
  const parts = pathname.split('/').slice(1);
  for (const route of routes) {
    if (route.method !== method) continue;
    const path = matchPath(route.path.split('/').slice(1), parts);
    if (path !== undefined) return { route, path };
  }
  return undefined;
}

function matchPath(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const path: Record<string, string> = {};
  for (const [at, expected] of pattern.entries()) {
    const part = parts[at] ?? '';
    if (!expected.startsWith(':')) {
      if (expected !== part) return undefined;
      continue;
    }
    if (part === '') return undefined;
    try {
      path[expected.slice(1)] = decodeURIComponent(part);
    } catch {
      return undefined;
    }
  }
  return path;
}
