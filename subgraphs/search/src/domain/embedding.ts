import { isAscii } from '@marketgraph/platform/core';

/**
 * A small embedding of texts: words and the letter triples inside them are
 * hashed into the dimensions of one vector. It needs no model and no download,
 * gives the same numbers on every machine, and texts that share words or the
 * stems of words point the same way.
 */
export const EMBEDDING_DIMENSIONS = 256;

export interface WeightedText {
  text: string;
  weight: number;
}

/** Whole numbers from -127 to 127: only the direction counts, and they are short in JSON. All zero for no words. */
export function embed(texts: readonly WeightedText[]): number[] {
  const vector = new Float64Array(EMBEDDING_DIMENSIONS);
  for (const { text, weight } of texts) {
    for (const word of wordsOf(text)) addWord(vector, word, weight);
  }
  return scaled(vector);
}

/** The direction that several things have in common, each with its weight. */
export function blend(parts: readonly { vector: readonly number[]; weight: number }[]): number[] {
  const vector = new Float64Array(EMBEDDING_DIMENSIONS);
  for (const part of parts) {
    const length = Math.hypot(...part.vector);
    if (length === 0) continue;
    for (const [at, number] of part.vector.entries()) vector[at]! += (number / length) * part.weight;
  }
  return scaled(vector);
}

/** From -1 to 1, the cosine of the angle between two; 0 when one of them has no direction. */
export function similarity(a: readonly number[], b: readonly number[]): number {
  let product = 0;
  for (const [at, number] of a.entries()) product += number * (b[at] ?? 0);
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  return lengths === 0 ? 0 : product / lengths;
}

const MAX_WORDS = 60;
const MAX_WORD = 30;
/** A whole word says less than its letter triples together, which it shares with its other forms. */
const WHOLE_WORD = 0.6;
/** They are in every title and mean nothing. */
const FILLERS = new Set(['a', 'and', 'at', 'by', 'for', 'from', 'in', 'of', 'on', 'or', 'the', 'to', 'with']);

function wordsOf(text: string): string[] {
  const words = isAscii(text)
    ? text.toLowerCase().match(/[a-z0-9]+/g)
    : text
        .normalize('NFKD')
        .replaceAll(/\p{M}/gu, '')
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu);
  if (!words) return [];
  return words.filter((word) => !FILLERS.has(word)).slice(0, MAX_WORDS);
}

function addWord(vector: Float64Array, word: string, weight: number): void {
  const framed = `^${word.slice(0, MAX_WORD)}$`;
  add(vector, hashOf(framed, 0, framed.length), weight * WHOLE_WORD);
  const count = framed.length - 2;
  const share = weight / Math.sqrt(count);
  for (let at = 0; at < count; at += 1) add(vector, hashOf(framed, at, at + 3), share);
}

/** Two features that share a dimension have the same sign as often as not, so that they do not look alike by accident. */
function add(vector: Float64Array, hash: number, weight: number): void {
  vector[hash % EMBEDDING_DIMENSIONS]! += hash >>> 31 === 0 ? weight : -weight;
}

/** Of a part of a text. FNV-1a with a last stir: neighbouring features must not land side by side. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}

function scaled(vector: Float64Array): number[] {
  let longest = 0;
  for (const number of vector) longest = Math.max(longest, Math.abs(number));
  const numbers: number[] = [];
  // No -0 among them.
  for (const number of vector) numbers.push(number === 0 ? 0 : Math.round((number / longest) * 127) + 0);
  return numbers;
}
