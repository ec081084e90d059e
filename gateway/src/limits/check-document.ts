import { type DocumentNode, type GraphQLError, Kind, type OperationDefinitionNode, visit } from 'graphql';
import { graphqlError } from '@marketgraph/platform/graphql';
import { type Measure, measureOperation } from './measure.ts';
import type { OperationLimits } from './operation-limits.ts';

/** What is wrong with the size of a document; null when it may be validated and planned. */
export function checkDocument(document: DocumentNode, limits: OperationLimits): GraphQLError | null {
  if (document.definitions.length > limits.maxDefinitions) {
    return tooComplex('operations and fragments', limits.maxDefinitions);
  }
  let fields = 0;
  visit(document, { Field: () => void (fields += 1) });
  if (fields > limits.maxFields) return tooComplex('fields', limits.maxFields);
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
