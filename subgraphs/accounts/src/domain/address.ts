import { accept, reject, type Result } from '@marketgraph/platform/core';
import { isVisibleText } from './credentials.ts';

export interface Address {
  name?: string | null;
  company?: string | null;
  line1: string;
  line2?: string | null;
  city: string;
  region?: string | null;
  postalCode?: string | null;
  countryCode: string;
  phone?: string | null;
}

const MAX_LINE = 200;
const REQUIRED = ['line1', 'city', 'countryCode'] as const;
const OPTIONAL = ['name', 'company', 'line2', 'region', 'postalCode', 'phone'] as const;

/** Trimmed lines; empty ones count as not given. `path` is where in the input it stands. */
export function readAddress(input: Address, path: string[] = []): Result<Address> {
  const lines: Record<string, string> = {};
  for (const key of [...REQUIRED, ...OPTIONAL]) {
    const line = input[key]?.trim() ?? '';
    if (line.length > MAX_LINE || !isVisibleText(line)) {
      return reject('INVALID', `${key} has at most ${MAX_LINE} visible characters.`, { field: [...path, key] });
    }
    if (line !== '') lines[key] = line;
  }
  const missing = REQUIRED.find((key) => !(key in lines));
  if (missing) return reject('INVALID', `${missing} is missing.`, { field: [...path, missing] });
  return accept(lines as unknown as Address);
}
