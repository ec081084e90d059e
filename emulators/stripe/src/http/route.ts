import { invalidRequest, noSuch } from '../api-error.ts';
import type { ObjectType, ObjectTypes } from '../store/objects.ts';
import type { Scope } from '../world.ts';
import type { Parsed, Shape } from './params.ts';

/** One request while it is being answered: its scope, its key, and the ids of its path. */
export interface Call extends Scope {
  /** A publishable key may only do what a buyer's browser may. */
  publishable: boolean;
  ids: Record<string, string>;
}

export interface Route<S extends Shape = Shape> {
  method: 'DELETE' | 'GET' | 'POST';
  /** `/v1/charges/:id`; what `:id` matches is in `call.ids`. */
  path: string;
  params: S;
  /** Open to a publishable key too; the route then checks the client secret itself. */
  publishable?: boolean;
  run(call: Call, params: Parsed<S>): unknown;
}

/** Keeps the types of the parameters inside a route while routes of all kinds share one list. */
export function route<S extends Shape>(definition: Route<S>): Route {
  // The router only ever passes `run` what `params` produced.
  return definition as unknown as Route;
}

export interface RouteMatch {
  route: Route;
  ids: Record<string, string>;
}

/** Exact segments win over placeholders, so `/payment_intents/search` is not taken for an id. */
export class Router {
  readonly #routes: { route: Route; segments: string[] }[];

  constructor(routes: Route[]) {
    this.#routes = routes
      .map((route) => ({ route, segments: route.path.split('/') }))
      .toSorted((a, b) => placeholders(a.segments) - placeholders(b.segments));
  }

  match(method: string, path: string): RouteMatch | undefined {
    const segments = path.split('/');
    for (const { route, segments: wanted } of this.#routes) {
      if (route.method !== method || wanted.length !== segments.length) continue;
      const ids: Record<string, string> = {};
      const matches = wanted.every((part, index) => {
        const given = segments[index]!;
        if (!part.startsWith(':')) return part === given;
        if (given === '') return false;
        ids[part.slice(1)] = decoded(given);
        return true;
      });
      if (matches) return { route, ids };
    }
    return undefined;
  }
}

function placeholders(segments: string[]): number {
  return segments.filter((segment) => segment.startsWith(':')).length;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidRequest('Invalid URL encoding in the path.');
  }
}

/** The words Stripe uses for an object it cannot find. */
const nouns: Record<ObjectType, { noun: string; param: string }> = {
  account: { noun: 'account', param: 'account' },
  balance_transaction: { noun: 'balance transaction', param: 'id' },
  bank_account: { noun: 'external account', param: 'id' },
  charge: { noun: 'charge', param: 'id' },
  customer: { noun: 'customer', param: 'id' },
  dispute: { noun: 'dispute', param: 'dispute' },
  event: { noun: 'event', param: 'id' },
  payment_intent: { noun: 'payment_intent', param: 'intent' },
  payment_method: { noun: 'PaymentMethod', param: 'payment_method' },
  payout: { noun: 'payout', param: 'payout' },
  refund: { noun: 'refund', param: 'refund' },
  transfer: { noun: 'transfer', param: 'transfer' },
  transfer_reversal: { noun: 'transfer reversal', param: 'id' },
};

/** The object named in the path; 404 when this account has none such. */
export function fromPath<T extends ObjectType>(call: Call, type: T, name = 'id'): ObjectTypes[T] {
  const id = call.ids[name] ?? '';
  const found = call.world.objects.find(call.account, type, id);
  if (found) return found;
  throw noSuch(nouns[type].noun, id, { param: nouns[type].param, status: 404 });
}

/** The object named by a parameter; 400 when this account has none such. */
export function fromParam<T extends ObjectType>(scope: Scope, type: T, id: string, param: string): ObjectTypes[T] {
  const found = scope.world.objects.find(scope.account, type, id);
  if (found && !('deleted' in found)) return found;
  throw noSuch(nouns[type].noun, id, { param, status: 400 });
}

export function idOf(reference: string | { id?: string } | null | undefined): string | null {
  if (typeof reference === 'string') return reference;
  return reference?.id ?? null;
}
