import { badRequest, unsupported } from '../http/api-error.ts';

export const FIELD_TYPES = [
  'string',
  'string[]',
  'int32',
  'int32[]',
  'int64',
  'int64[]',
  'float',
  'float[]',
  'bool',
  'bool[]',
  'geopoint',
] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

export type Field = {
  name: string;
  type: FieldType;
  optional: boolean;
  facet: boolean;
  index: boolean;
  sort: boolean;
  /** How many numbers a vector has; absent in every other field. */
  numDim?: number;
};

const UNSUPPORTED_TYPES = new Set([
  'auto',
  'string*',
  'object',
  'object[]',
  'geopoint[]',
  'geopolygon',
  'image',
  'string[][]',
]);

// Attributes whose only accepted value is the one that asks for nothing.
const INERT: Readonly<Record<string, readonly unknown[]>> = {
  infix: [false],
  stem: [false],
  store: [true],
  locale: ['', 'en'],
  stem_dictionary: [''],
  // A hint about speed: the answers are the same with and without it.
  range_index: [true, false],
};

const MAX_FIELDS = 200;
const MAX_DIMENSIONS = 2_000;

export function isString(field: Field): boolean {
  return field.type === 'string' || field.type === 'string[]';
}

export function isNumber(field: Field): boolean {
  return /^(int32|int64|float)/.test(field.type);
}

export function isArray(field: Field): boolean {
  return field.type.endsWith('[]');
}

/** A list of numbers that is compared as a whole, and neither filtered by nor counted. */
export function isVector(field: Field): boolean {
  return field.numDim !== undefined;
}

export function parseFields(input: unknown): Field[] {
  if (!Array.isArray(input)) throw badRequest('Parameter `fields` is required.');
  if (input.length > MAX_FIELDS) throw badRequest(`A collection has at most ${MAX_FIELDS} fields.`);
  const fields = input.map(parseField);
  const names = new Set<string>();
  for (const field of fields) {
    if (names.has(field.name)) throw badRequest(`There are duplicate field names in the schema: \`${field.name}\`.`);
    names.add(field.name);
  }
  return fields;
}

export function parseField(input: unknown): Field {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw badRequest('Wrong format for `fields`. It should be an array of objects containing `name`, `type`.');
  }
  const { name, type, optional, facet, index, sort, num_dim, vec_dist, ...rest } = input as Record<string, unknown>;
  if (typeof name !== 'string' || name.trim() === '') {
    throw badRequest('Wrong format for `fields`. It should be an array of objects containing `name`, `type`.');
  }
  if (name === 'id') throw badRequest('The `id` field is implied and cannot be declared.');
  if (typeof type !== 'string') throw badRequest(`Field \`${name}\` must have a \`type\`.`);
  if (UNSUPPORTED_TYPES.has(type)) throw unsupported(`Field type \`${type}\``);
  if (!isFieldType(type))
    throw badRequest(`Field \`${name}\` has an invalid data type \`${type}\`, see docs for supported data types.`);
  if (/[.*?+\\[\](){}|^$]/.test(name)) throw unsupported(`A pattern or nested name as field name (\`${name}\`)`);
  if (name.length > 200 || /[\s:,`&]/.test(name)) throw badRequest(`Field name \`${name}\` is malformed.`);
  refuseUnknown(name, rest);
  const indexed = flag(name, 'index', index, true);
  const numDim = readDimensions({ name, type, num_dim, vec_dist });
  if (numDim !== undefined) {
    if (facet === true || sort === true || !indexed)
      throw unsupported(`A facet, sorting or no index of vector \`${name}\``);
    return {
      name,
      type,
      optional: flag(name, 'optional', optional, false),
      facet: false,
      index: true,
      sort: false,
      numDim,
    };
  }
  const numeric = !type.startsWith('string');
  return {
    name,
    type,
    optional: flag(name, 'optional', optional, !indexed),
    facet: flag(name, 'facet', facet, false) && requireIndexed(name, indexed),
    index: indexed,
    sort: flag(name, 'sort', sort, numeric && indexed) && requireSortable(name, type),
  };
}

function readDimensions(field: {
  name: string;
  type: FieldType;
  num_dim: unknown;
  vec_dist: unknown;
}): number | undefined {
  const { name, type, num_dim: dimensions, vec_dist: distance } = field;
  if (dimensions === undefined) {
    if (distance !== undefined) throw badRequest(`Property \`vec_dist\` is only allowed on a float array field.`);
    return undefined;
  }
  if (type !== 'float[]') throw badRequest('Property `num_dim` is only allowed on a float array field.');
  if (distance !== undefined && distance !== 'cosine') throw unsupported(`\`vec_dist: ${JSON.stringify(distance)}\``);
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1) {
    throw badRequest('Property `num_dim` must be a positive integer.');
  }
  if (dimensions > MAX_DIMENSIONS) throw unsupported(`A vector \`${name}\` of more than ${MAX_DIMENSIONS} numbers`);
  return dimensions;
}

function isFieldType(type: string): type is FieldType {
  return (FIELD_TYPES as readonly string[]).includes(type);
}

function refuseUnknown(field: string, attributes: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(attributes)) {
    const inert = INERT[key];
    if (inert === undefined) throw unsupported(`Attribute \`${key}\` of field \`${field}\``);
    if (!inert.includes(value)) throw unsupported(`\`${key}: ${JSON.stringify(value)}\` of field \`${field}\``);
  }
}

function flag(field: string, attribute: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean')
    throw badRequest(`The \`${attribute}\` property of the field \`${field}\` should be a boolean.`);
  return value;
}

function requireIndexed(field: string, indexed: boolean): true {
  if (!indexed) throw badRequest(`Field \`${field}\` cannot be a facet since it's marked as non-indexable.`);
  return true;
}

function requireSortable(field: string, type: FieldType): true {
  if (type === 'string[]')
    throw badRequest(`The \`sort\` property of the field \`${field}\` is not allowed for type \`${type}\`.`);
  return true;
}
