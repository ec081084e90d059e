import { median } from './statistics.ts';

/** CPU in milliseconds by what it was used for. */
export interface CpuParts {
  /** All Node processes of the marketplace. */
  node: number;
  postgres: number;
  redis: number;
  /** Stand-ins for servers elsewhere: Stripe, MongoDB, Typesense. */
  emulators: number;
}

const partsOf = (of: (part: keyof CpuParts) => number): CpuParts => ({
  node: of('node'),
  postgres: of('postgres'),
  redis: of('redis'),
  emulators: of('emulators'),
});

/** What each of so many operations has used between two readings. */
export function cpuPerOperation(before: CpuParts, after: CpuParts, operations: number): CpuParts {
  return partsOf((part) => (after[part] - before[part]) / operations);
}

export function medianCpu(rounds: readonly CpuParts[]): CpuParts {
  return partsOf((part) => median(rounds.map((round) => round[part])));
}
