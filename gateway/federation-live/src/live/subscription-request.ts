import { getArgumentValues, getVariableValues, GraphQLError } from 'graphql';
import { refused, SubscriptionRefusedError } from './live-error.ts';
import type { Audience, LiveOperation } from './live-ports.ts';
import type { SubscriptionPlan } from './subscription-plan.ts';

/** A plan with its variables and its caller: everything that is known before the first event. */
export interface SubscriptionRequest {
  plan: SubscriptionPlan;
  /** As the client sent it: what is planned anew when the schema changes. */
  operation: LiveOperation;
  /** Coerced, defaults included. */
  variables: Record<string, unknown>;
  /** Those that the primary fetch uses. */
  primaryVariables: Record<string, unknown>;
  /** Ids of what is watched. */
  keys: readonly string[];
  /** `<field>:<id>` for each key. */
  topics: readonly string[];
  /** Where the client wants to go on. */
  after: string | undefined;
  audience: Audience;
  /** Equal for subscriptions that get the same results. */
  groupKey: string;
}

export function subscriptionRequest(options: {
  plan: SubscriptionPlan;
  operation: LiveOperation;
  audience: Audience;
  cursorArgument: string;
  maxKeys: number;
}): SubscriptionRequest {
  const { plan, operation, audience, cursorArgument, maxKeys } = options;
  const definitions = plan.operation.variableDefinitions ?? [];
  const { coerced, errors } = getVariableValues(plan.schema, definitions, operation.variables ?? {}, { maxErrors: 5 });
  if (errors) {
    throw new SubscriptionRefusedError(
      errors.map(
        ({ message, extensions }) =>
          new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...extensions } }),
      ),
    );
  }
  const args = getArgumentValues(plan.field, plan.fieldNode, coerced);
  const keys = keysOf(plan, args, audience, maxKeys);
  const after = args[cursorArgument];
  const { [plan.cursorVariable ?? '']: _cursor, ...telling } = coerced;
  const primaryVariables: Record<string, unknown> = {};
  for (const name of plan.primary.variableUsages ?? []) {
    if (coerced[name] !== undefined) primaryVariables[name] = coerced[name];
  }
  return {
    plan,
    operation,
    variables: coerced,
    primaryVariables,
    keys,
    topics: keys.map((key) => `${plan.field.name}:${key}`),
    after: typeof after === 'string' ? after : undefined,
    audience,
    groupKey: JSON.stringify([plan.key, audience.scope, canonical(telling)]),
  };
}

function keysOf(
  { keyArgument }: SubscriptionPlan,
  args: Record<string, unknown>,
  audience: Audience,
  maxKeys: number,
): readonly string[] {
  const value = keyArgument ? args[keyArgument] : undefined;
  if (value === undefined || value === null) {
    if (audience.ownKey === undefined) refused('UNAUTHENTICATED', 'Sign in to do this.');
    return [audience.ownKey];
  }
  const keys = [...new Set((Array.isArray(value) ? value : [value]).map(String))];
  if (keys.length === 0) refused('BAD_USER_INPUT', 'Name at least one id to watch.');
  if (keys.length > maxKeys) refused('BAD_USER_INPUT', `At most ${maxKeys} ids can be watched at once.`);
  return keys;
}

/** The same for objects whose keys were written in another order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, canonical(inner)]);
}
