import { badRequest, notFound, unsupported } from '../http/api-error.ts';
import type { Collection } from '../store/collection.ts';
import { unitVector } from '../store/vectors.ts';
import { splitTop } from './split-top.ts';

/** `embedding:([0.1, 0.2], k: 100, distance_threshold: 0.3, alpha: 0.3)`, or `embedding:([], id: some-document)`. */
export type VectorQuery = {
  field: string;
  vector: Float32Array;
  /** How many neighbours at most. */
  count: number | undefined;
  threshold: number;
  /** The weight of the vector's rank beside that of the words. */
  alpha: number;
  /** The document asked about, which is no answer to itself. */
  except: number | undefined;
};

const DEFAULT_ALPHA = 0.3;
/** No two vectors are further apart. */
const MAX_DISTANCE = 2;
const MAX_COUNT = 10_000;
const FORM = /^\s*([^\s:()]+)\s*:\s*\(\s*\[([^\]]*)\]\s*(?:,(.*))?\)\s*$/s;

export function parseVectorQuery(text: string, collection: Collection): VectorQuery | undefined {
  if (text.trim() === '') return undefined;
  const [, name = '', list = '', rest = ''] = FORM.exec(text) ?? [];
  if (name === '') throw badRequest('Malformed vector query string.');
  const field = collection.index.vectors.field(name);
  if (field === undefined) throw notFound(`Field \`${name}\` does not have a vector query index.`);
  const options = readOptions(rest);
  const query = {
    field: name,
    count: options.has('k') ? readNumber(options, 'k', { max: MAX_COUNT, integer: true }) : undefined,
    threshold: readNumber(options, 'distance_threshold', { max: MAX_DISTANCE, otherwise: MAX_DISTANCE }),
    alpha: readNumber(options, 'alpha', { max: 1, otherwise: DEFAULT_ALPHA }),
  };
  const id = options.get('id');
  for (const known of ['k', 'distance_threshold', 'alpha', 'id']) options.delete(known);
  const [unknown] = options.keys();
  if (unknown !== undefined) throw unsupported(`\`${unknown}\` in a vector query`);
  const numbers = readNumbers(list);
  if (id !== undefined) {
    if (numbers.length > 0) throw badRequest('Malformed vector query string: either a vector or an `id`.');
    const found = collection.find(id);
    if (found === undefined) throw badRequest('Document id referenced in vector query is not found.');
    const vector = collection.index.vectors.at(name, found.seq);
    if (vector === undefined)
      throw badRequest('Document referenced in vector query does not contain a valid vector field.');
    return { ...query, vector, except: found.seq };
  }
  if (numbers.length === 0) throw unsupported('A vector query that leaves the embedding to the server');
  if (numbers.length !== field.numDim) {
    throw badRequest(`Query field \`${name}\` must have ${field.numDim} dimensions.`);
  }
  return { ...query, vector: unitVector(numbers), except: undefined };
}

function readNumbers(list: string): number[] {
  if (list.trim() === '') return [];
  const numbers = list.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!numbers.every(Number.isFinite))
    throw badRequest('Malformed vector query string: one of the vector values is not a float.');
  return numbers;
}

function readOptions(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const part of splitTop(text, ',')) {
    if (part.trim() === '') continue;
    const [, name, value] = /^\s*(\w+)\s*:\s*(\S+)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) throw badRequest('Malformed vector query string.');
    options.set(name, value);
  }
  return options;
}

function readNumber(
  options: ReadonlyMap<string, string>,
  name: string,
  { max, otherwise = 0, integer = false }: { max: number; otherwise?: number; integer?: boolean },
): number {
  const text = options.get(name);
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0 || number > max || (integer && !Number.isInteger(number))) {
    throw badRequest(`Malformed vector query string: \`${name}\` must be a number from 0 to ${max}.`);
  }
  return number;
}
