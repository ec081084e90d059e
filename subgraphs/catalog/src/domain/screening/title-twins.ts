import { folded } from '../text.ts';

/** Titles of fewer words are alike because the things are: a "desk lamp" is nobody's own words. */
const MIN_WORDS = 4;
const MAX_WORDS = 40;
/** Titles this much alike are one text with a word added or taken away; two brands' cases for one phone are less alike. */
export const TWIN_SIMILARITY = 0.85;
const BANDS = 6;
const ROWS = 2;

/** Pairs of neighbouring words; empty where the title is too short to be copied. */
export function shinglesOf(title: string): Set<string> {
  const words = (folded(title).match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MAX_WORDS);
  if (words.length < MIN_WORDS) return new Set();
  return new Set(words.slice(1).map((word, index) => `${words[index]} ${word}`));
}

/** Jaccard similarity, 0 to 1. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  const shared = [...a].filter((shingle) => b.has(shingle)).length;
  return shared / (a.size + b.size - shared);
}

/**
 * MinHash bands: two sets share a band with the chance 1 − (1 − s²)⁶ of their
 * similarity s, so that titles which are twins are found by one look at an
 * index (0.9996 at s = 0.85), and few others with them.
 */
export function bandsOf(shingles: ReadonlySet<string>): string[] {
  if (shingles.size === 0) return [];
  const hashes = [...shingles].map(hashOf);
  return Array.from({ length: BANDS }, (_, band) => {
    const rows = Array.from({ length: ROWS }, (_row, row) => minimumOf(hashes, band * ROWS + row));
    return `${band}:${rows.join(':')}`;
  });
}

function minimumOf(hashes: readonly number[], round: number): number {
  let least = 0xffff_ffff;
  for (const hash of hashes) least = Math.min(least, mixed(hash ^ Math.imul(round + 1, 0x9e37_79b1)));
  return least;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the output. */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
