import { IdempotencyKey, requireRole, requireUser } from '@marketgraph/platform/graphql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { deleteReview, moderateReview, replyToReview, updateReview, voteOnReview } from '../commands/edit-review.ts';
import { rebuildRatings } from '../commands/rebuild-ratings.ts';
import { submitReview } from '../commands/submit-review.ts';
import type { ReviewsContext } from './context.ts';
import { toPayload } from './map.ts';
import {
  RatingsRebuildPayload,
  ReviewModerateInput,
  ReviewPayload,
  ReviewSubmitInput,
  ReviewUpdateInput,
} from './review.type.ts';

@Resolver()
export class ReviewMutations {
  @Mutation(() => ReviewPayload, {
    description:
      'Reviews a delivered line, once for the product and once for the vendor. Plain text appears at once, doubtful text after a moderator.',
  })
  async reviewSubmit(
    @Arg('input', () => ReviewSubmitInput, { description: 'What it says.' }) input: ReviewSubmitInput,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      nullable: true,
      description: 'The same key with the same input makes one review.',
    })
    idempotencyKey: string | null,
    @Ctx() { viewer, commands, traceparent: trace }: ReviewsContext,
  ): Promise<ReviewPayload> {
    const { orderLineId, target, rating, title = null, body = null } = input;
    const author = requireUser(viewer);
    const result = await submitReview(commands, {
      author,
      orderLineId,
      target,
      rating,
      title,
      body,
      idempotencyKey,
      trace,
    });
    return toPayload(result, viewer);
  }

  @Mutation(() => ReviewPayload, { description: 'Changes your review.' })
  async reviewUpdate(
    @Arg('id', () => ID, { description: 'The review.' }) id: string,
    @Arg('input', () => ReviewUpdateInput, { description: 'What it says.' }) input: ReviewUpdateInput,
    @Ctx() { viewer, commands, traceparent: trace }: ReviewsContext,
  ): Promise<ReviewPayload> {
    const { rating, title, body } = input;
    const author = requireUser(viewer);
    return toPayload(
      await updateReview(commands, { id, author, rating: rating ?? undefined, title, body, trace }),
      viewer,
    );
  }

  @Mutation(() => ReviewPayload, { description: 'Takes your review back, for good.' })
  async reviewDelete(
    @Arg('id', () => ID, { description: 'The review.' }) id: string,
    @Ctx() { viewer, commands, traceparent: trace }: ReviewsContext,
  ): Promise<ReviewPayload> {
    return toPayload(await deleteReview(commands, { id, author: requireUser(viewer), trace }), viewer);
  }

  @Mutation(() => ReviewPayload, { description: 'Decides on a review. For moderators.' })
  async reviewModerate(
    @Arg('input', () => ReviewModerateInput, { description: 'What it says.' }) { id, decision }: ReviewModerateInput,
    @Ctx() { viewer, commands, traceparent: trace }: ReviewsContext,
  ): Promise<ReviewPayload> {
    requireRole(viewer, 'MODERATOR', 'OPERATOR');
    return toPayload(await moderateReview(commands, { id, decision, trace }), viewer);
  }

  @Mutation(() => RatingsRebuildPayload, {
    description: 'Counts every rating anew from the reviews and puts right what differs. For operators.',
  })
  async ratingsRebuild(@Ctx() { viewer, commands }: ReviewsContext): Promise<RatingsRebuildPayload> {
    requireRole(viewer, 'OPERATOR');
    return { corrected: await rebuildRatings(commands), userErrors: [] };
  }

  @Mutation(() => ReviewPayload, {
    description: "The vendor's reply, at most 2,000 characters; a second one replaces the first.",
  })
  async reviewReply(
    @Arg('id', () => ID, { description: 'The review.' }) id: string,
    @Arg('body', () => String, { description: 'The reply, plain text.' }) body: string,
    @Ctx() { viewer, commands, traceparent: trace }: ReviewsContext,
  ): Promise<ReviewPayload> {
    const vendor = requireRole(viewer, 'VENDOR_ADMIN', 'VENDOR_STAFF');
    return toPayload(await replyToReview(commands, { id, viewer: vendor, body, trace }), viewer);
  }

  @Mutation(() => ReviewPayload, {
    description: 'Says whether a review helped; one vote per user, which can be changed.',
  })
  async reviewVote(
    @Arg('id', () => ID, { description: 'The review.' }) id: string,
    @Arg('helpful', () => Boolean, { description: 'Whether it helped.' }) helpful: boolean,
    @Ctx() { viewer, commands, traceparent: trace }: ReviewsContext,
  ): Promise<ReviewPayload> {
    return toPayload(await voteOnReview(commands, { id, viewer: requireUser(viewer), helpful, trace }), viewer);
  }
}
