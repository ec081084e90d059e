import type { StoreReaders } from './store-readers.ts';

/** What must hold in the stores when nothing is in progress. Judged by what is stored, never by what the graph answers. */
export interface Invariant {
  /** `I1` … `I16`. */
  id: string;
  title: string;
  check(stores: StoreReaders): Promise<Finding>;
}

export interface Finding {
  /** How many things were looked at. */
  checked: number;
  /** Of those, how many break it. */
  violations: number;
  /** The first of them, each in a sentence. */
  examples: readonly string[];
}

/** Named in the report; the rest is only counted. */
const MAX_EXAMPLES = 5;

export function finding(checked: number, broken: readonly string[]): Finding {
  return { checked, violations: broken.length, examples: broken.slice(0, MAX_EXAMPLES) };
}

export function together(findings: readonly Finding[]): Finding {
  return {
    checked: findings.reduce((sum, one) => sum + one.checked, 0),
    violations: findings.reduce((sum, one) => sum + one.violations, 0),
    examples: findings.flatMap(({ examples }) => examples).slice(0, MAX_EXAMPLES),
  };
}
