import {
  eventSkipped,
  forbidden,
  hasRole,
  isMemberOf,
  requireUser,
  type StreamRoot,
} from '@marketgraph/platform/graphql';
import type { ReviewChanged } from '@marketgraph/schema/events/reviews';
import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import { newestOfVendor } from '../store/reviews.ts';
import type { ReviewsContext } from './context.ts';
import { isVisibleTo, toReview } from './map.ts';
import { ReviewEvent } from './review.type.ts';
import { StreamEventKind } from './shared.type.ts';

@Resolver()
export class ReviewSubscriptions {
  @Subscription(() => ReviewEvent, {
    topics: 'gateway',
    description:
      'Reviews of what a vendor sold, as they are published or change. For the vendor; the snapshot is the newest, when there is one.',
  })
  async vendorReviewFeed(
    @Root() root: StreamRoot,
    @Arg('vendorId', () => ID, { description: 'A vendor one acts for.' }) vendorId: string,
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after: string | null,
    @Ctx() { viewer, loaders, commands }: ReviewsContext,
  ): Promise<ReviewEvent> {
    requireUser(viewer);
    if (!isMemberOf(viewer, vendorId) && !hasRole(viewer, 'OPERATOR')) throw forbidden();
    const changed = root.envelope?.payload as ReviewChanged | undefined;
    const review = changed
      ? await loaders.review.load(changed.reviewId)
      : await newestOfVendor(commands.store, vendorId);
    if (!review || !isVisibleTo(viewer, review)) throw eventSkipped();
    const event: ReviewEvent = {
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
      review: toReview(review, viewer),
    };
    return Object.assign(event, { __typename: 'ReviewEvent' });
  }
}
