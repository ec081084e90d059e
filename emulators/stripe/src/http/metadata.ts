import { invalidRequest } from '../api-error.ts';
import type { Param } from './params.ts';
import { optional } from './params.ts';

const MAX_KEYS = 50;
const MAX_KEY_LENGTH = 40;
const MAX_VALUE_LENGTH = 500;

/** A change to metadata: keys set, keys unset (empty text), or `null` for all of them unset. */
export type MetadataChange = Record<string, string> | null;

export function metadata(): Param<MetadataChange, false> {
  return optional((value, name) => {
    if (value === '') return null;
    if (typeof value === 'string') throw invalidRequest('Invalid object', { param: name });
    const change: Record<string, string> = {};
    for (const [key, entry] of Object.entries(value)) {
      if (typeof entry !== 'string') throw invalidRequest('Metadata values must be strings.', { param: name });
      if (key.length > MAX_KEY_LENGTH) {
        throw invalidRequest(`Metadata keys can have up to ${MAX_KEY_LENGTH} characters.`, { param: name });
      }
      if (entry.length > MAX_VALUE_LENGTH) {
        throw invalidRequest(`Metadata values can have up to ${MAX_VALUE_LENGTH} characters.`, {
          param: `${name}[${key}]`,
        });
      }
      change[key] = entry;
    }
    return change;
  });
}

export function changedMetadata(
  before: Record<string, string> | null,
  change: MetadataChange | undefined,
): Record<string, string> {
  if (change === undefined) return { ...before };
  if (change === null) return {};
  const after: Record<string, string> = { ...before };
  for (const [key, value] of Object.entries(change)) {
    if (value === '') delete after[key];
    else after[key] = value;
  }
  if (Object.keys(after).length > MAX_KEYS) {
    throw invalidRequest(`Metadata can have up to ${MAX_KEYS} keys.`, { param: 'metadata' });
  }
  return after;
}
