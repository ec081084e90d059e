import { accept, reject, type Result } from '@marketgraph/platform/core';
import { readText } from './credentials.ts';
import type { Principal } from './principal.ts';

/** What a new key is to be. */
export interface ApiKeyTerms {
  name: string;
  /** Each once, in the order of the alphabet. */
  scopes: string[];
  /** Null: until it is revoked. */
  expiresAt: Date | null;
}

const MAX_NAME = 100;
/** Longer than any system a vendor has; and no time is too far away for the store. */
const MAX_LIFETIME_MS = 10 * 366 * 24 * 60 * 60 * 1_000;

/** A name, scopes that exist, and an end that is to come; or what is wrong with it. */
export function readApiKeyTerms(
  input: { name: string; scopes: readonly string[]; expiresAt?: Date | null | undefined },
  { known, now }: { known: readonly string[]; now: Date },
): Result<ApiKeyTerms> {
  const name = readText(input.name, ['name'], MAX_NAME);
  if (!name.ok) return name;
  const scopes = [...new Set(input.scopes)].toSorted();
  if (scopes.length === 0 || input.scopes.length > known.length || scopes.some((scope) => !known.includes(scope))) {
    return reject('INVALID', `A key has scopes, each once, of these: ${known.join(', ')}.`, { field: ['scopes'] });
  }
  const expiresAt = input.expiresAt ?? null;
  const lifetimeMs = expiresAt === null ? 1 : expiresAt.getTime() - now.getTime();
  if (!(lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_MS)) {
    return reject('INVALID', 'A key ends in the future, within ten years.', { field: ['expiresAt'] });
  }
  return accept({ name: name.value, scopes, expiresAt });
}

/** A machine works for its vendor, and runs nothing: it is staff, whoever made its key. */
export function principalOfKey({ vendorId }: { vendorId: string }): Principal {
  return { roles: ['VENDOR_STAFF'], memberships: [{ of: vendorId, role: 'VENDOR_STAFF' }] };
}

/** The vendor a key is made for, of those somebody runs: the one that is named, or the only one there is. */
export function vendorToActFor(run: readonly string[], named: string | null | undefined): Result<string> {
  if (named != null) {
    if (run.includes(named)) return accept(named);
    return reject('NOT_FOUND', 'You run no such vendor.', { field: ['vendorId'] });
  }
  const [only, ...more] = run;
  if (only !== undefined && more.length === 0) return accept(only);
  return reject('INVALID', 'You run several vendors: say for which one.', { field: ['vendorId'] });
}
