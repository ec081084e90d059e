/** An object as it comes out of JSON. */
export type JsonObject = Record<string, unknown>;

/**
 * What results are made of. Its prototype is an empty object without one of its
 * own, so that a field called `__proto__` or `constructor` is a field; and unlike
 * an object without any prototype it stays in the engine's fast mode.
 */
export const ResultObject = function () {} as unknown as new () => JsonObject;
ResultObject.prototype = Object.freeze(Object.create(null));

/** Names that a plain object answers to without having them. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

export const isInherited = (name: string): boolean => INHERITED.has(name);

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a field of a plain object, whatever the field is called. */
export function ownValue(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Writes a field of a plain object, whatever the field is called. */
export function setOwn(object: JsonObject, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}
