import { isAbstractType, isObjectType, isInterfaceType, type Schema, isSubtype } from '@apollo/federation-internals';

/** The names a `__typename` may have for a type condition to hold. */
export type PossibleTypes = (typeCondition: string) => ReadonlySet<string>;

/** Looks them up in a supergraph, what is inaccessible to clients included. */
export function possibleTypesOf(schema: Schema): PossibleTypes {
  const known = new Map<string, ReadonlySet<string>>();
  return (condition) => {
    let names = known.get(condition);
    if (!names) {
      names = namesUnder(schema, condition);
      known.set(condition, names);
    }
    return names;
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
