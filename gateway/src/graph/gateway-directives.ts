import type { ObjectType, Supergraph } from '@apollo/federation-internals';

/** The subscriptions whose fields say `@coalesce`: of each thing only the newest state matters. */
export function coalescedFields({ schema }: Supergraph): ReadonlySet<string> {
  const subscription = schema.schemaDefinition.rootType('subscription');
  return new Set(
    subscription?.fields().flatMap((field) => (field.hasAppliedDirective('coalesce') ? field.name : [])) ?? [],
  );
}

/** The mutations whose fields say `@idempotent`: asked again with the same arguments, they do no harm. */
export function idempotentMutations({ schema }: Supergraph): ReadonlySet<string> {
  const mutation = schema.schemaDefinition.rootType('mutation');
  return new Set(
    mutation?.fields().flatMap((field) => (field.hasAppliedDirective('idempotent') ? field.name : [])) ?? [],
  );
}

/** By `query`, `mutation` or `subscription` and the field, what `@apiScope` says of it: any of these scopes opens it to API keys. */
export type ApiScopes = ReadonlyMap<string, readonly string[]>;

/** Root fields that say nothing are closed to keys. */
export function apiScopesOf({ schema }: Supergraph): ApiScopes {
  const scopes = new Map<string, readonly string[]>();
  for (const operation of ['query', 'mutation', 'subscription'] as const) {
    for (const field of schema.schemaDefinition.rootType(operation)?.fields() ?? []) {
      const anyOf = field.appliedDirectivesOf('apiScope')[0]?.arguments()['anyOf'] as string[] | undefined;
      if (anyOf) scopes.set(`${operation} ${field.name}`, anyOf);
    }
  }
  return scopes;
}

interface Directed {
  appliedDirectivesOf(name: string): readonly { arguments(): Readonly<Record<string, unknown>> }[];
}

/** For how many seconds a field or type is public at most, as its own `@cacheControl` says. */
export function publicSeconds(element: Directed | undefined): number | undefined {
  const maxAge = element?.appliedDirectivesOf('cacheControl')[0]?.arguments()['maxAge'];
  return typeof maxAge === 'number' && maxAge > 0 ? maxAge : undefined;
}

/** The plain fields by which subgraphs know an entity; empty for what is no entity. */
export function keyFields(type: ObjectType): ReadonlySet<string> {
  const names = new Set<string>();
  for (const join of type.appliedDirectivesOf('join__type')) {
    const { key }: { key?: unknown } = join.arguments();
    if (typeof key !== 'string') continue;
    // A nested set is looked through: what is in it belongs to another type.
    for (const name of key.replace(/\{[^}]*\}/g, ' ').match(/\w+/g) ?? []) names.add(name);
  }
  return names;
}
