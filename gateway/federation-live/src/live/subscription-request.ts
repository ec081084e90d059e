import { getArgumentValues, getVariableValues, GraphQLError, type GraphQLSchema } from 'graphql';
import { refused, SubscriptionRefusedError } from './live-error.ts';
import type { Audience } from './live-ports.ts';
import type { SubscriptionPlan } from './subscription-plan.ts';

/** A plan with its variables and its caller: everything that is known before the first event. */
export interface SubscriptionRequest {
  plan: SubscriptionPlan;
  variables: Record<string, unknown>;
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
  schema: GraphQLSchema;
  plan: SubscriptionPlan;
  /** Text of the document and the operation's name. */
  planKey: string;
  variables: Readonly<Record<string, unknown>>;
  audience: Audience;
  cursorArgument: string;
  maxKeys: number;
}): SubscriptionRequest {
  const { schema, plan, planKey, audience, cursorArgument, maxKeys } = options;
  const { coerced, errors } = getVariableValues(schema, plan.operation.variableDefinitions ?? [], options.variables, {
    maxErrors: 5,
  });
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
  return {
    plan,
    variables: coerced,
    keys,
    topics: keys.map((key) => `${plan.field.name}:${key}`),
    after: typeof after === 'string' ? after : undefined,
    audience,
    groupKey: JSON.stringify([planKey, audience.scope, canonical(telling)]),
  };
}

function keysOf(
  { keyArgument }: SubscriptionPlan,
  args: Record<string, unknown>,
  audience: Audience,
  maxKeys: number,
): readonly string[] {
  const value = keyArgument ? args[keyArgument.name] : undefined;
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
