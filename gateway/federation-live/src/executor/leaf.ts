import { type GraphQLLeafType, isEnumType } from 'graphql';

/** Whether a value that a service answered may go out as this type. Custom scalars are taken as they come. */
export type LeafTest = (value: unknown) => boolean;

const BUILT_IN: Readonly<Record<string, LeafTest>> = {
  Boolean: (value) => typeof value === 'boolean',
  Int: isInteger,
  Float: (value) => typeof value === 'number' && Number.isFinite(value),
  String: (value) => typeof value === 'string',
  ID: (value) => typeof value === 'string' || isInteger(value),
};

export function leafTest(type: GraphQLLeafType): LeafTest {
  if (isEnumType(type)) {
    // Values that are inaccessible to clients are not among these.
    const names = new Set(type.getValues().map(({ name }) => name));
    return (value) => names.has(value as string);
  }
  return (Object.hasOwn(BUILT_IN, type.name) ? BUILT_IN[type.name] : undefined) ?? isThere;
}

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) < 1e21;
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined;
}
