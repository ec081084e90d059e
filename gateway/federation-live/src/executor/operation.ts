import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import type { JsonObject } from './json-object.ts';
import { compileProjection, type Projection } from './projection.ts';
import type { Run } from './run.ts';
import { UnsupportedPlanError } from './unsupported-plan-error.ts';

/** What the client asked for, as far as it does not depend on a run. */
export interface CompiledOperation {
  /** Variables of @skip and @include. */
  conditionVariables: readonly string[];
  /** Picks from the merged answers what the client selected; null when a promise of the schema breaks up to the root. */
  project(run: Run): JsonObject | null;
}

export interface OperationOptions {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | undefined;
}

/** Each combination of conditions has a projection of its own; a client that tries all of them gets no more than this. */
const MAX_VARIANTS = 32;

export interface OperationParts {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

export function compileOperation(options: OperationOptions): CompiledOperation {
  const parts = partsOf(options);
  refuseReservedAliases(options.document);
  const conditionVariables = conditionVariablesOf(options.document, parts.operation);
  const variants = new Map<string, Projection>();
  const variantOf = (variables: JsonObject): Projection => {
    let key = '';
    for (const name of conditionVariables) key += variables[name] === true ? '1' : '0';
    let variant = variants.get(key);
    if (!variant) {
      if (variants.size >= MAX_VARIANTS) variants.delete(variants.keys().next().value!);
      variant = compileProjection(parts, new Set(conditionVariables.filter((name) => variables[name] === true)));
      variants.set(key, variant);
    }
    return variant;
  };
  return { conditionVariables, project: (run) => variantOf(run.variables)(run) };
}

function partsOf({ schema, document, operationName }: OperationOptions): OperationParts {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const operation = operationName ? operations.find(({ name }) => name?.value === operationName) : operations[0];
  if (!operation || (!operationName && operations.length > 1)) {
    throw new GraphQLError('The document has no such operation.', {
      extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
    });
  }
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  return { schema, operation, fragments };
}

/** The type of an object is read from `__typename`: no other field may stand there. */
function refuseReservedAliases(document: DocumentNode): void {
  visit(document, {
    Field({ alias, name }: FieldNode) {
      if (alias?.value === '__typename' && name.value !== '__typename') {
        throw new UnsupportedPlanError('No field may be called "__typename".');
      }
    },
  });
}

function conditionVariablesOf(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: given }) {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  // Other operations of the document may have conditions of their own.
  const defined = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
  return [...names].filter((name) => defined.has(name));
}
