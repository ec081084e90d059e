/** Keys a document store or an object prototype would understand as more than a name. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 8;
const MAX_VALUES = 2_000;

/**
 * Why a JSON input may not be stored, or undefined when it may. Operators
 * (`$ne`), dotted paths and prototype keys are refused rather than escaped:
 * nobody names an attribute like that in good faith.
 */
export function unsafeJson(value: unknown): string | undefined {
  let values = 0;
  const visit = (part: unknown, depth: number): string | undefined => {
    values += 1;
    if (values > MAX_VALUES) return `holds more than ${MAX_VALUES} values`;
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
    if (part === null || typeof part !== 'object') return undefined;
    if (Array.isArray(part)) return first(part, (item) => visit(item, depth + 1));
    return first(Object.getOwnPropertyNames(part), (key) => {
      if (key.startsWith('$') || key.includes('.') || RESERVED.has(key) || key.includes('\0')) {
        return `uses the reserved key "${key.slice(0, 40)}"`;
      }
      return visit((part as Record<string, unknown>)[key], depth + 1);
    });
  };
  return visit(value, 0);
}

function first<T>(items: readonly T[], look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
