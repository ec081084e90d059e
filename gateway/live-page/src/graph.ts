import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

/** What the graph answered instead of data. */
export class GraphProblem extends Error {
  constructor(
    /** `extensions.code` of the first error, or `UNREACHABLE`. */
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'GraphProblem';
  }
}

export interface Answer<Data> {
  data: Data;
  /** False: a part of it is missing, since somebody could not answer. */
  isWhole: boolean;
  /** What the server's clock said. */
  at: number;
}

/** A page does not wait longer; the gateway itself gives up after ten seconds. */
const TIMEOUT_MS = 15_000;

/** One query or mutation by HTTP. Rejects with a `GraphProblem`; partial data is an answer when its root is there. */
export async function ask<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  accessToken?: string,
): Promise<Answer<Data>> {
  let response: Response;
  let body: { data?: Data | null; errors?: { message: string; extensions?: { code?: string } }[] };
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json, application/json',
        'content-type': 'application/json',
        ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
      },
      body: JSON.stringify({ query: print(document), variables }),
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    body = await response.json();
  } catch (error) {
    throw new GraphProblem('UNREACHABLE', 'The marketplace cannot be reached.', { cause: error });
  }
  const [problem] = body.errors ?? [];
  const isPartial = body.data && Object.values(body.data).some((value) => value !== null);
  if (problem && !isPartial) throw new GraphProblem(problem.extensions?.code ?? 'UNKNOWN', problem.message);
  if (!body.data) throw new GraphProblem('UNREACHABLE', `The marketplace answered with ${response.status}.`);
  return {
    data: body.data,
    isWhole: problem === undefined,
    at: Date.parse(response.headers.get('date') ?? '') || Date.now(),
  };
}
