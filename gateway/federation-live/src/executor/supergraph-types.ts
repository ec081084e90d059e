import { isAbstractType, isInterfaceType, isObjectType, isSubtype, type Schema } from '@apollo/federation-internals';

/** What running a plan needs to know of the types of a supergraph, what is inaccessible to clients included. */
export interface SupergraphTypes {
  /** The names a `__typename` may have for a type condition to hold. */
  under(typeCondition: string): ReadonlySet<string>;
  /** Interfaces and unions: what services with an interface object answer as `__typename`, for want of better knowledge. */
  abstract: ReadonlySet<string>;
}

export function supergraphTypes(schema: Schema): SupergraphTypes {
  const known = new Map<string, ReadonlySet<string>>();
  return {
    under(condition) {
      let names = known.get(condition);
      if (!names) {
        names = namesUnder(schema, condition);
        known.set(condition, names);
      }
      return names;
    },
    abstract: new Set(schema.types().flatMap((type) => (isAbstractType(type) ? [type.name] : []))),
  };
}

function namesUnder(schema: Schema, condition: string): ReadonlySet<string> {
  const names = new Set([condition]);
  const type = schema.type(condition);
  if (!type || !isAbstractType(type)) return names;
  for (const other of schema.types()) {
    if ((isObjectType(other) || isInterfaceType(other)) && isSubtype(type, other)) names.add(other.name);
  }
  return names;
}
