import { type DocumentNode, type GraphQLError, Kind, type OperationDefinitionNode, visit } from 'graphql';
import { graphqlError } from '@marketgraph/platform/graphql';
import { type Measure, measureOperation } from './measure.ts';
import { overlappingPairs } from './overlap.ts';
import type { OperationLimits } from './operation-limits.ts';

/** What is wrong with the size of a document; null when it may be validated and planned. */
export function checkDocument(document: DocumentNode, limits: OperationLimits): GraphQLError | null {
  if (document.definitions.length > limits.maxDefinitions) {
    return tooComplex('operations and fragments', limits.maxDefinitions);
  }
  let fields = 0;
  let nesting = 0;
  let deepest = 0;
  const spreads = new Set<string>();
  visit(document, {
    Field: () => void (fields += 1),
    FragmentSpread: ({ name }) => void spreads.add(name.value),
    SelectionSet: {
      enter: () => void (deepest = Math.max(deepest, (nesting += 1))),
      leave: () => void (nesting -= 1),
    },
  });
  if (fields > limits.maxFields) return tooComplex('fields', limits.maxFields);
  if (deepest > limits.maxNesting) return tooComplex('levels', limits.maxNesting);
  if (spreads.size > limits.maxDefinitions) return tooComplex('fragments', limits.maxDefinitions);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if ((definition.variableDefinitions?.length ?? 0) > limits.maxVariables) {
      return tooComplex('variables', limits.maxVariables);
    }
    const size = measured(document, definition);
    if (!size) return tooComplex('levels', limits.maxDepth);
    if (size.depth > limits.maxDepth) return tooComplex('levels', limits.maxDepth);
    if (size.aliases > limits.maxAliases) return tooComplex('aliases', limits.maxAliases);
    if (size.rootFields > limits.maxRootFields) return tooComplex('root fields', limits.maxRootFields);
    if (size.directives > limits.maxDirectives) return tooComplex('directives', limits.maxDirectives);
    if (size.fields > limits.maxExpandedFields) return tooComplex('fields', limits.maxExpandedFields);
    const pairs = overlappingPairs(document, definition, {
      maxDepth: limits.maxDepth,
      maxFields: limits.maxExpandedFields,
      maxPairs: limits.maxOverlappingPairs,
    });
    if (pairs === Infinity)
      return tooComplex('pairs of fields with one place in the answer', limits.maxOverlappingPairs);
  }
  return null;
}

/** Null when it is nested so deeply that even measuring it is too much. */
function measured(document: DocumentNode, operation: OperationDefinitionNode): Measure | null {
  try {
    return measureOperation(document, operation);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function tooComplex(what: string, limit: number): GraphQLError {
  return graphqlError('OPERATION_TOO_COMPLEX', `The operation has more than ${limit} ${what}.`);
}
