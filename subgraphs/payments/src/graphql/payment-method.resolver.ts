import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { hasRole, requireUser } from '@marketgraph/platform/graphql';
import { detachMethod } from '../commands/detach-method.ts';
import { User } from './extensions.type.ts';
import { PaymentMethodPayload } from './payment.input.ts';
import { PaymentMethodSummary, toMethodType } from './payment.type.ts';
import type { PaymentsContext } from './payments-context.ts';
import { orUnavailable, toUserErrors } from './user-errors.ts';

@Resolver(() => User)
export class PaymentMethodResolver {
  @FieldResolver(() => [PaymentMethodSummary], {
    nullable: true,
    description: 'Cards the user has paid with, last used first. Null for anybody but the user and operators.',
  })
  async paymentMethods(
    @Root() user: User,
    @Ctx() { loaders, viewer }: PaymentsContext,
  ): Promise<PaymentMethodSummary[] | null> {
    const isSelf = viewer.kind === 'user' && viewer.userId === user.id;
    if (!isSelf && !hasRole(viewer, 'OPERATOR')) return null;
    return (await loaders.methodsOf.load(user.id)).map(toMethodType);
  }

  @Directive('@idempotent')
  @Mutation(() => PaymentMethodPayload, {
    description:
      'Forgets a way to pay of your own, here and at the provider: nobody pays with it again. Payments that were begun with it go on.',
  })
  async paymentMethodDetach(
    @Arg('id', () => ID, { description: 'One of `User.paymentMethods`.' }) id: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentMethodPayload> {
    const { userId } = requireUser(viewer);
    const result = await orUnavailable(detachMethod(deps, { userId, methodId: id }));
    return { success: result.ok, userErrors: result.ok ? [] : toUserErrors(result.rejection) };
  }
}
