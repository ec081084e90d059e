import type { ObjectType, Supergraph } from '@apollo/federation-internals';

/** The subscriptions whose fields say `@coalesce`: of each thing only the newest state matters. */
export function coalescedFields({ schema }: Supergraph): ReadonlySet<string> {
  const subscription = schema.schemaDefinition.rootType('subscription');
  return new Set(
    subscription?.fields().flatMap((field) => (field.hasAppliedDirective('coalesce') ? field.name : [])) ?? [],
  );
}

/** For how many seconds a field of this type is public, as `@cacheControl` says on the field, else on its parent. */
export function publicSeconds(type: ObjectType, fieldName: string): number | undefined {
  const field = type.field(fieldName);
  const hint = field?.appliedDirectivesOf('cacheControl')[0] ?? type.appliedDirectivesOf('cacheControl')[0];
  return hint ? Number(hint.arguments()['maxAge']) : undefined;
}
