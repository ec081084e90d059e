import type { AnswerBehind, KeptAnswers } from '../cache/kept-answers.ts';
import type { Logger } from '@marketgraph/platform/telemetry';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { ResolvedOperation } from '../limits/documents.ts';
import { isPublic, publicError } from '../limits/public-error.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { GraphContext } from './graph-context.ts';
import type { OperationResult, OperationRunner } from './operation-runner.ts';
import type { BeforeOperation, HttpAnswer } from './query-engine.ts';

/**
 * Answers what needs no server in front of the executor: an operation that is
 * prepared, asked for by POST, by a client that accepts what everybody accepts.
 * It says what Apollo Server would say, byte for byte; a test compares them.
 */
export interface DirectFront {
  answer(operation: DirectOperation, context: GraphContext, contentType: string): Promise<HttpAnswer>;
  execute(operation: DirectOperation, context: GraphContext): Promise<ExecutionResult>;
}

export interface DirectOperation extends ResolvedOperation {
  variables?: Readonly<Record<string, unknown>> | null | undefined;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const RESPONSE_TYPE = 'application/graphql-response+json; charset=utf-8';

/** What browsers and the usual clients accept, and which of the two types that means. */
const CONTENT_TYPES = new Map<string | undefined, string>([
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['application/json, */*', JSON_TYPE],
  ['application/json, text/plain, */*', JSON_TYPE],
  ['application/graphql-response+json', RESPONSE_TYPE],
  ['application/graphql-response+json, application/json', RESPONSE_TYPE],
  ['application/graphql-response+json,application/json;q=0.9', RESPONSE_TYPE],
  ['application/graphql-response+json, application/json;q=0.9', RESPONSE_TYPE],
]);

/** Undefined: the header has to be weighed. */
export function plainContentType(accept: string | undefined): string | undefined {
  return CONTENT_TYPES.get(accept);
}

export function directFront(options: {
  runner: OperationRunner;
  fetch: FetchSubgraph;
  beforeOperation: BeforeOperation;
  answers: KeptAnswers;
  log: Logger;
}): DirectFront {
  const { runner, fetch, beforeOperation, answers, log } = options;

  const run = async (prepared: DirectOperation, context: GraphContext): Promise<Outcome> => {
    const variables = prepared.variables ?? {};
    let result: OperationResult;
    try {
      const before = beforeOperation({ prepared, variables }, context);
      if (before) await before;
      result = await runner.run(prepared, variables, context);
    } catch (error) {
      return shown([asGraphQLError(error)], prepared, context, 500);
    }
    if (!result.errors) return { data: result.data };
    const outcome = shown(result.errors, prepared, context, result.data === undefined ? 400 : 200);
    if (result.data !== undefined) outcome.data = result.data;
    return outcome;
  };

  const shown = (
    errors: readonly GraphQLError[],
    { operation }: DirectOperation,
    { requestId }: GraphContext,
    otherwise: number,
  ): Outcome => {
    const operationName = operation.name?.value ?? null;
    for (const error of errors) {
      // Masked by a subgraph: logged there, under the same request id.
      if (isPublic(error) || error.extensions['requestId'] !== undefined) continue;
      log.error({ err: error.originalError ?? error, requestId, operationName }, 'operation failed');
    }
    return { errors: errors.map((error) => publicError(error.toJSON(), requestId)), head: headOf(errors, otherwise) };
  };

  /** Asks what is not kept of it. When that is another answer, the plan goes on from there. */
  const askedAgain = async (known: AnswerBehind, context: GraphContext): Promise<string | undefined> => {
    const { service, request } = known;
    const answer = fetch(service, request, context);
    context.ahead = { service, query: request.query, answer };
    try {
      return known.after(await answer);
    } catch {
      // The plan tells of it.
      return undefined;
    }
  };

  return {
    async answer(operation, context, contentType) {
      const known = answers.find(operation, context);
      const kept = typeof known === 'object' ? await askedAgain(known, context) : known;
      if (kept !== undefined) return { status: 200, headers: { 'content-type': contentType }, text: kept };
      const { data, errors, head } = await run(operation, context);
      const text = `${JSON.stringify(errors ? { errors, data } : { data })}\n`;
      if (!errors) answers.keep(operation, context, text);
      return { status: head?.status ?? 200, headers: { 'content-type': contentType, ...head?.headers }, text };
    },
    async execute(operation, context) {
      const { data, errors } = await run(operation, context);
      return {
        ...(errors ? { errors: errors as unknown as GraphQLError[] } : {}),
        ...(data === undefined ? {} : { data: data as ExecutionResult['data'] }),
      };
    },
  };
}

interface Outcome {
  data?: object | null | undefined;
  errors?: GraphQLFormattedError[];
  head?: Head;
}

interface Head {
  status: number;
  headers: Record<string, string>;
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const original = error instanceof Error ? error : new Error(`Thrown: ${String(error)}`);
  return new GraphQLError(original.message, { originalError: original });
}

/** Errors may say which status and headers the answer has, in `extensions.http`; the last one counts. */
function headOf(errors: readonly GraphQLError[], otherwise: number): Head {
  const head: Head = { status: otherwise, headers: {} };
  for (const { extensions } of errors) {
    const http: unknown = extensions['http'];
    if (http === null || typeof http !== 'object') continue;
    if ('status' in http && typeof http.status === 'number') head.status = http.status;
    if ('headers' in http && http.headers instanceof Map) {
      for (const [name, value] of http.headers) head.headers[String(name)] = String(value);
    }
  }
  return head;
}
