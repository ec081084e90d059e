import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { graphqlError } from '@marketgraph/platform/graphql';
import { checkDocument } from './check-document.ts';
import { checkPages } from './check-pages.ts';
import { checkVariables, unstorable } from './check-variables.ts';
import { costWeights } from './cost-weights.ts';
import { compileCost, type CostWeights, type OperationCost } from './operation-cost.ts';
import type { OperationLimits } from './operation-limits.ts';
import { withoutSuggestions } from './public-error.ts';
import { RequestError } from './request-error.ts';
import { rootFields } from './root-fields.ts';
import type { ApiScopes } from '../graph/gateway-directives.ts';
import type { DocumentName, PersistedOperations } from '../persisted/persisted-operations.ts';

export interface OperationRequest extends DocumentName {
  variables?: Readonly<Record<string, unknown>> | null;
}

export interface ResolvedOperation {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  text: string;
}

export interface PreparedOperation extends ResolvedOperation {
  /** In points, with the variables of this request. */
  cost: number;
  /** What a text costs that has not been run before: it is parsed, validated and planned. Zero from the second call on. */
  takeSurcharge(): number;
  /** The first of its root fields that none of an API key's scopes opens; null when all are open. */
  closedTo(scopes: readonly string[]): string | null;
}

/**
 * The one way from text, or its hash, to a document, on every transport: tokens, size,
 * validation, then the operation, its page sizes and its cost. Nothing is planned before.
 */
export interface Documents {
  /** Throws a `RequestError`. */
  prepare(request: OperationRequest): PreparedOperation;
  /** A prepared document by the SHA-256 of its text. */
  byHash(hash: string): DocumentNode | undefined;
}

const CACHE_ENTRIES = 2_000;
const CACHE_BYTES = 16 * 1024 * 1024;
/** Validation stops there; a hostile document gets a short answer. */
const MAX_ERRORS = 5;

/** As such and as GraphQL escapes it in a string. */
// eslint-disable-next-line no-control-regex
const ZERO_CHARACTER = /\0|\\u0000|\\u\{0+\}/;

interface Readable {
  document: DocumentNode;
  costs: Map<OperationDefinitionNode, OperationCost>;
  isNew: boolean;
}
type Known = Readable | { error: RequestError };

/** As much as a page of products with their offers. */
export const NEW_TEXT_POINTS = 500;

export function createDocuments(options: {
  schema: GraphQLSchema;
  limits: OperationLimits;
  introspection: boolean;
  persisted: PersistedOperations;
  weights?: CostWeights;
  /** Without: everything is closed to API keys. */
  apiScopes?: ApiScopes;
}): Documents {
  const { schema, limits, introspection, persisted, weights = costWeights, apiScopes = new Map() } = options;
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const known = new LRUCache<string, Known>({
    max: CACHE_ENTRIES,
    maxSize: CACHE_BYTES,
    sizeCalculation: (_, key) => key.length + 1,
  });
  const hashes = new LRUCache<string, DocumentNode>({ max: CACHE_ENTRIES });

  const read = (text: string): Known => {
    if (text.length > limits.maxTextLength) return { error: new RequestError([tooLong(limits.maxTextLength)]) };
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens: limits.maxTokens });
    } catch (error) {
      return { error: new RequestError([parseError(error)]) };
    }
    const tooLarge = checkDocument(document, limits);
    if (tooLarge) return { error: new RequestError([tooLarge]) };
    if (ZERO_CHARACTER.test(text)) return { error: new RequestError([unstorable()]) };
    try {
      const errors = validate(schema, document, rules, { maxErrors: MAX_ERRORS });
      if (errors.length > 0) return { error: new RequestError(errors.map(validationError)) };
    } catch {
      // graphql 16 throws for a subscription whose field is skipped by a variable instead of reporting it.
      return {
        error: new RequestError([graphqlError('GRAPHQL_VALIDATION_FAILED', 'The document cannot be validated.')]),
      };
    }
    hashes.set(createHash('sha256').update(text).digest('hex'), document);
    return { document, costs: new Map(), isNew: true };
  };

  return {
    prepare(request) {
      const { operationName, variables } = request;
      const oversized = checkVariables(variables ?? {});
      if (oversized) throw new RequestError([oversized]);
      const query = persisted.textOf(request);
      let entry = known.get(query);
      if (!entry) {
        entry = read(query);
        known.set(query, entry);
      }
      if ('error' in entry) throw entry.error;
      const readable = entry;
      const { document, costs } = readable;
      const operation = getOperationAST(document, operationName);
      if (!operation) throw new RequestError([unknownOperation(document, operationName)]);
      let compiled = costs.get(operation);
      if (!compiled) {
        compiled = compileCost({ schema, document, operation, weights });
        costs.set(operation, compiled);
      }
      const pages = checkPages(compiled.pages, variables ?? {}, limits.maxPageSize);
      if (pages) throw new RequestError([pages]);
      const cost = compiled.of(variables ?? {});
      if (cost > limits.maxCost) throw new RequestError([tooCostly(cost, limits.maxCost)]);
      persisted.keep(request);
      return {
        document,
        operation,
        text: query,
        cost,
        takeSurcharge() {
          const points = readable.isNew ? NEW_TEXT_POINTS : 0;
          readable.isNew = false;
          return points;
        },
        closedTo: (scopes) => closedTo(apiScopes, { document, operation }, scopes),
      };
    },
    byHash: (hash) => hashes.get(hash),
  };
}

/** Introspection is the same for everybody, and refused to everybody where it is off. */
const OF_THE_SCHEMA: ReadonlySet<string> = new Set(['__typename', '__schema', '__type']);

function closedTo(
  apiScopes: ApiScopes,
  { document, operation }: Pick<ResolvedOperation, 'document' | 'operation'>,
  scopes: readonly string[],
): string | null {
  const closed = rootFields(document, operation.selectionSet).find(({ name: { value: name } }) => {
    const anyOf = apiScopes.get(`${operation.operation} ${name}`) ?? [];
    return !OF_THE_SCHEMA.has(name) && !anyOf.some((scope) => scopes.includes(scope));
  });
  return closed?.name.value ?? null;
}

function tooCostly(cost: number, maxCost: number): GraphQLError {
  const message = `The operation costs ${cost} points; at most ${maxCost} are accepted. Ask for smaller pages, or for less of each entry.`;
  return graphqlError('OPERATION_TOO_COMPLEX', message, { cost, maxCost });
}

function tooLong(maxLength: number): GraphQLError {
  return graphqlError('OPERATION_TOO_COMPLEX', `The document is longer than ${maxLength} characters.`);
}

function parseError(error: unknown): GraphQLError {
  if (!(error instanceof GraphQLError)) return graphqlError('GRAPHQL_PARSE_FAILED', 'The document cannot be read.');
  return new GraphQLError(error.message, {
    source: error.source,
    positions: error.positions,
    extensions: { code: 'GRAPHQL_PARSE_FAILED' },
  });
}

function validationError(error: GraphQLError): GraphQLError {
  return new GraphQLError(withoutSuggestions(error.message), {
    nodes: error.nodes,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
}

function unknownOperation(document: DocumentNode, operationName: string | null | undefined): GraphQLError {
  const count = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length;
  if (operationName) return graphqlError('BAD_REQUEST', 'The document has no operation of that name.');
  return graphqlError(
    'BAD_REQUEST',
    count === 0 ? 'The document has no operation.' : 'The document has several operations: name one.',
  );
}
