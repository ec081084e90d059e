import { vi } from 'vitest';

/** Waits until `check` no longer fails. The deadline is generous: suites share two busy cores. */
export function eventually<T>(check: () => Promise<T> | T, timeout = 20_000): Promise<T> {
  return vi.waitFor(check, { timeout, interval: 20 });
}
