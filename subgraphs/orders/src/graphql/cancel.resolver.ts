import { hasRole, IdempotencyKey, requireUser } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Field, ID, InputType, Mutation, Resolver } from 'type-graphql';
import { cancelOrder } from '../commands/cancel-order.ts';
import { viewOrder } from './access.ts';
import { causeOf, type OrdersContext } from './context.ts';
import { createLoaders } from './loaders.ts';
import { OrderPayload } from './order.type.ts';
import { toOrder } from './order-views.ts';
import { toUserErrors } from './user-error.type.ts';

@InputType({ description: 'What to call off.' })
export class OrderCancelInput {
  @Field(() => ID, { description: 'The order.' })
  orderId!: string;

  @Field(() => ID, { nullable: true, description: 'One vendor’s part of a paid order; all of it when absent.' })
  vendorOrderId?: string | null;

  @Field(() => String, { description: 'For the vendors and the history; at most 500 characters.' })
  reason!: string;
}

@Resolver()
export class CancelResolver {
  @Mutation(() => OrderPayload, {
    description:
      'Calls off what has not been sent: for its buyer and for operators. Nothing is charged, or the money and the units go back by themselves.',
  })
  async orderCancel(
    @Ctx() context: OrdersContext,
    @Arg('input', () => OrderCancelInput, { description: 'What, and why.' }) input: OrderCancelInput,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key cancels once.' }) idempotencyKey: string,
  ): Promise<OrderPayload> {
    const { userId: principal } = requireUser(context.viewer);
    const { orderId, reason, vendorOrderId = null } = input;
    const order = await context.loaders.orders.load(orderId);
    if (!order || (order.buyerId !== principal && !hasRole(context.viewer, 'OPERATOR'))) {
      const missing = { code: 'NOT_FOUND', message: 'There is no such order.', field: ['orderId'] };
      return { order: null, userErrors: toUserErrors([missing]) };
    }
    const command = { orderId, vendorOrderId, reason, principal, idempotencyKey, cause: causeOf(context) };
    const canceled = await cancelOrder(context.services, command);
    // What was loaded to authorise it is old.
    context.loaders = createLoaders(context.services, context.viewer);
    const view = await viewOrder(context, orderId);
    return { order: view && toOrder(view), userErrors: canceled.ok ? [] : toUserErrors([canceled.rejection]) };
  }
}
