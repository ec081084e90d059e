import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import * as operations from '@marketgraph/schema/generated/operations';
import { GraphQLClient, type Variables } from 'graphql-request';
import { DEMO_PASSWORD } from './accounts.ts';

/** One signed-in account that acts through the public graph, like any client. */
export interface Account {
  email: string;
  /** Of the session that was opened; good for 15 minutes. */
  accessToken(): string;
  ask<Data, Vars extends Variables>(document: TypedDocumentNode<Data, Vars> | string, variables: Vars): Promise<Data>;
}

/** Signs in; registers first when the account does not exist and a registration is given. */
export async function openAccount(
  graphUrl: string,
  {
    email,
    password = DEMO_PASSWORD,
    registration,
  }: { email: string; password?: string; registration?: Partial<operations.RegisterMutationVariables['input']> },
): Promise<Account> {
  let accessToken: string | undefined;
  const client = new GraphQLClient(`${graphUrl}/graphql`, {
    headers: (): Record<string, string> => (accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
  });
  const ask: Account['ask'] = (document, variables) => client.request({ document, variables } as never);
  if (registration) {
    const { register } = await ask(operations.RegisterDocument, {
      input: { accountType: 'BUYER', ...registration, email, password },
    });
    accessToken = register.session?.accessToken;
  }
  if (!accessToken) {
    const { login } = await ask(operations.LoginDocument, { input: { email, password } });
    if (!login.session) throw new Error(`${email}: ${login.userErrors.map(({ message }) => message).join('; ')}`);
    accessToken = login.session.accessToken;
  }
  const token = accessToken;
  return { email, accessToken: () => token, ask };
}

export interface Payload {
  userErrors: readonly { code: string; message: string }[];
}

/** Throws unless the mutation went through, or was refused for having been done before. */
export function done<P extends Payload>(what: string, payload: P, ...alreadyDone: string[]): P {
  const refused = payload.userErrors.filter(({ code }) => !alreadyDone.includes(code));
  if (refused.length > 0)
    throw new Error(`${what}: ${refused.map(({ code, message }) => `${code} ${message}`).join('; ')}`);
  return payload;
}
