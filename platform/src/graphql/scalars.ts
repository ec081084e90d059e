import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLJSON } from 'graphql-scalars';

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'RFC 3339 instant, always UTC, e.g. `2026-11-20T09:30:00.000Z`.',
  serialize: (value) => toDate(value).toISOString(),
  parseValue: toDate,
  parseLiteral: (node) => toDate(stringOf(node, 'DateTime')),
});

export const CurrencyCode = patternScalar('CurrencyCode', /^[A-Z]{3}$/, 'ISO 4217 code, e.g. `EUR`.');
export const CountryCode = patternScalar('CountryCode', /^[A-Z]{2}$/, 'ISO 3166-1 alpha-2 code, e.g. `DE`.');
export const LanguageTag = patternScalar(
  'LanguageTag',
  /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/,
  'BCP 47 tag, e.g. `de` or `pt-BR`.',
);
export const IdempotencyKey = patternScalar(
  'IdempotencyKey',
  /^[\x21-\x7e]{8,255}$/,
  'Chosen by the client, 8 to 255 printable ASCII characters. The same key and input give the stored answer for 24 hours; another input is refused.',
);
export const URLScalar = patternScalar('URL', /^https?:\/\/\S{1,2000}$/, 'Absolute http or https URL.');

export const MinorUnits = integerScalar(
  'MinorUnits',
  { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER },
  'Integer minor units (cents) as a JSON number within ±2^53-1; a 32-bit Int overflows at 21,474,836.47.',
);
export const BasisPoints = integerScalar(
  'BasisPoints',
  { min: 0, max: 10_000 },
  'Integer from 0 to 10000; 10000 is 100 %.',
);

export const JSONScalar = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: 'JSON',
  description: 'Any JSON value.',
  specifiedByURL: undefined,
});

function patternScalar(name: string, pattern: RegExp, description: string): GraphQLScalarType<string, string> {
  const check = (value: unknown): string => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw new GraphQLError(`Not a ${name}: ${shown(value)}`, { extensions: { code: 'BAD_USER_INPUT' } });
  };
  return new GraphQLScalarType({
    name,
    description,
    serialize: check,
    parseValue: check,
    parseLiteral: (node) => check(stringOf(node, name)),
  });
}

function integerScalar(
  name: string,
  { min, max }: { min: number; max: number },
  description: string,
): GraphQLScalarType<number, number> {
  const check = (value: unknown): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new GraphQLError(`Not a ${name}: ${shown(value)}`, { extensions: { code: 'BAD_USER_INPUT' } });
  };
  return new GraphQLScalarType({
    name,
    description,
    serialize: (value) => check(typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value),
    parseValue: check,
    parseLiteral: (node) => check(node.kind === Kind.INT ? Number(node.value) : undefined),
  });
}

function toDate(value: unknown): Date {
  const date = value instanceof Date ? value : typeof value === 'string' && isInstant(value) ? new Date(value) : null;
  if (date && !Number.isNaN(date.getTime())) return date;
  throw new GraphQLError(`Not a DateTime: ${shown(value)}`, { extensions: { code: 'BAD_USER_INPUT' } });
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text);
}

function stringOf(node: { kind: string; value?: unknown }, name: string): string {
  if (node.kind === Kind.STRING && typeof node.value === 'string') return node.value;
  throw new GraphQLError(`${name} is written as a string.`, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** A short, safe echo: hostile values are neither repeated whole nor left unquoted. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
