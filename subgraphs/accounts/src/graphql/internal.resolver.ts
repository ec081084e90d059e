import { JSONScalar, requireService } from '@marketgraph/platform/graphql';
import type { JSONWebKeySet } from 'jose';
import { Arg, Ctx, Directive, ID, Query, Resolver } from 'type-graphql';
import { principalOfKey } from '../domain/api-key.ts';
import { useApiKey } from '../store/api-keys.ts';
import { isSessionLive } from '../store/sessions.ts';
import type { AccountsContext } from './context.ts';

/** What the gateway needs to know who asks. */
@Resolver()
export class InternalQueries {
  @Directive('@inaccessible')
  @Query(() => JSONScalar, {
    description: 'The public keys access tokens are verified with, as a JWKS. For the gateway.',
  })
  signingKeys(@Ctx() { viewer, commands }: AccountsContext): JSONWebKeySet {
    requireService(viewer, 'gateway');
    return commands.tokens.keySet;
  }

  @Directive('@inaccessible')
  @Query(() => JSONScalar, {
    nullable: true,
    description:
      'Roles and memberships of now, and whether the session is still good. Null: no such user. For the gateway.',
  })
  async principal(
    @Arg('userId', () => ID, { description: 'Who.' }) userId: string,
    @Arg('sessionId', () => ID, { description: 'The session of the token.' }) sessionId: string,
    @Ctx() { viewer, commands, loaders }: AccountsContext,
  ): Promise<unknown> {
    requireService(viewer, 'gateway');
    const [principal, active] = await Promise.all([
      loaders.principal.load(userId),
      isSessionLive(commands.orm.em.fork(), { id: sessionId, userId }, commands.clock.now()),
    ]);
    return principal && { active, ...principal };
  }

  @Directive('@inaccessible')
  @Query(() => JSONScalar, {
    nullable: true,
    description:
      'What a machine with this API key may do now: its id, scopes, role, memberships and end. Null: no such key. For the gateway.',
  })
  async apiKeyPrincipal(
    @Arg('secretHash', () => String, { description: 'SHA-256 of the secret, in hexadecimal.' }) secretHash: string,
    @Ctx() { viewer, commands }: AccountsContext,
  ): Promise<unknown> {
    requireService(viewer, 'gateway');
    const key = await useApiKey(commands.orm.em.fork(), secretHash, commands.clock.now());
    if (!key) return null;
    const expiresAt = key.expiresAt === null ? null : new Date(key.expiresAt).toISOString();
    return { keyId: key.id, scopes: key.scopes, expiresAt, ...principalOfKey(key) };
  }
}
