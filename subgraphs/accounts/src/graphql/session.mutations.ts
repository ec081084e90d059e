import type { Result } from '@marketgraph/platform/core';
import { graphqlError, requireUser } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { login } from '../commands/login.ts';
import { refreshSession } from '../commands/refresh-session.ts';
import { register, type SignedIn } from '../commands/register.ts';
import { logout } from '../commands/revoke-session.ts';
import { LoginInput, RegisterInput } from './account.input.ts';
import { LoginPayload, LogoutPayload, RegisterPayload } from './account.payload.ts';
import type { AccountsContext } from './context.ts';
import { toUser, toUserError } from './map.ts';

@Resolver()
export class SessionMutations {
  @Mutation(() => RegisterPayload, { description: 'Opens an account and a first session.' })
  async register(
    @Arg('input', () => RegisterInput, { description: 'The new account.' }) input: RegisterInput,
    @Ctx() { commands, traceparent }: AccountsContext,
  ): Promise<RegisterPayload> {
    return toPayload(await register(commands, { ...input, trace: traceparent }));
  }

  @Mutation(() => LoginPayload, {
    description: 'Opens a session. A wrong password and an unknown address get the same answer.',
  })
  async login(
    @Arg('input', () => LoginInput, { description: 'Address and password.' }) input: LoginInput,
    @Ctx() { commands }: AccountsContext,
  ): Promise<LoginPayload> {
    return toPayload(await login(commands, input));
  }

  @Mutation(() => LoginPayload, {
    description:
      'Exchanges a refresh token for a new session. Good for once: a token used twice ends the session, with the error REFRESH_REUSED.',
  })
  async refreshSession(
    @Arg('refreshToken', () => String, { description: 'The one given last.' }) refreshToken: string,
    @Ctx() { commands, requestId, traceparent }: AccountsContext,
  ): Promise<LoginPayload> {
    const result = await refreshSession(commands, { refreshToken, requestId, trace: traceparent });
    if (!result.ok && result.rejection.code === 'REFRESH_REUSED') {
      // Somebody holds what is not theirs: no outcome of the shop but a refusal of the request.
      throw graphqlError('REFRESH_REUSED', result.rejection.message, { http: { status: 401 } });
    }
    return toPayload(result);
  }

  @Mutation(() => LogoutPayload, {
    description: 'Ends the session the request is made with, its access token included.',
  })
  async logout(@Ctx() { commands, viewer, traceparent }: AccountsContext): Promise<LogoutPayload> {
    const { sessionId } = requireUser(viewer);
    return { success: await logout(commands, { sessionId, trace: traceparent }) };
  }
}

function toPayload(result: Result<SignedIn>): RegisterPayload & LoginPayload {
  if (!result.ok) return { user: null, session: null, userErrors: [toUserError(result.rejection)] };
  const { user, session } = result.value;
  return { user: toUser(user, { isOwnAnswer: true }), session, userErrors: [] };
}
