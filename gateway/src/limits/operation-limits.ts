/** What one document may cost before anything is planned. The same on every transport. */
export interface OperationLimits {
  /** Counted by the parser, so that hostile text is not even read to its end. */
  maxTokens: number;
  /** Characters. A message of a socket is not longer either; what is large goes into variables or uploads. */
  maxTextLength: number;
  maxDepth: number;
  maxAliases: number;
  maxRootFields: number;
  maxDirectives: number;
  /** Operations and fragments in one document. */
  maxDefinitions: number;
  maxVariables: number;
  /** Fields as written: pairs of them are compared by validation. */
  maxFields: number;
  /** Pairs of fields with the same place in the answer, with every fragment written out. */
  maxOverlappingPairs: number;
  /** Fields with every fragment spread written out. */
  maxExpandedFields: number;
  /** Selections within selections, those of fragments without a field of their own included. */
  maxNesting: number;
  /** The most a page argument (`first`, `last`) may ask for. */
  maxPageSize: number;
  /** What one operation may cost with its variables, in points of `operation-cost.ts`. */
  maxCost: number;
}

export const defaultOperationLimits: OperationLimits = {
  maxTokens: 8_000,
  maxTextLength: 256 * 1024,
  maxDepth: 25,
  maxAliases: 30,
  maxRootFields: 20,
  maxDirectives: 50,
  maxDefinitions: 100,
  maxVariables: 100,
  maxFields: 1_000,
  maxOverlappingPairs: 20_000,
  maxExpandedFields: 2_000,
  maxNesting: 100,
  maxPageSize: 100,
  maxCost: 10_000,
};
