/** What the public port answered, errors and all: for tests of what must not work. */
export interface RawAnswer<Data> {
  status: number;
  data: Data | null;
  errors: readonly RawError[];
  /** `extensions.code` of the errors, each once. */
  codes: readonly string[];
  /** What the gateway's cache did for it: `hit`, `partial`, `miss`, `bypass`; null when it was not run. */
  xCache: string | null;
}

export interface RawError {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string; retryable?: boolean };
}

export interface RawRequest {
  variables?: Record<string, unknown>;
  /** An access token. */
  token?: string | undefined;
}

/** One operation by POST, as text and without a typed document, so that it may be as wrong as a test wants. */
export async function ask<Data = Record<string, unknown>>(
  graphUrl: string,
  query: string,
  { variables = {}, token }: RawRequest = {},
): Promise<RawAnswer<Data>> {
  const response = await fetch(`${graphUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as { data?: Data | null; errors?: RawError[] };
  const errors = body.errors ?? [];
  const codes = [...new Set(errors.map(({ extensions }) => extensions?.code ?? 'NONE'))];
  return { status: response.status, data: body.data ?? null, errors, codes, xCache: response.headers.get('x-cache') };
}

/** The codes of an error that ended a subscription. */
export function codesOf(failure: unknown): string[] {
  const cause = failure instanceof Error && failure.cause !== undefined ? failure.cause : failure;
  return Array.isArray(cause) ? (cause as RawError[]).map(({ extensions }) => extensions?.code ?? 'NONE') : [];
}
