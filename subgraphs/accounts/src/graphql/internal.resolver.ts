import { JSONScalar, requireService } from '@marketgraph/platform/graphql';
import type { JSONWebKeySet } from 'jose';
import { Arg, Ctx, Directive, ID, Query, Resolver } from 'type-graphql';
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
}
