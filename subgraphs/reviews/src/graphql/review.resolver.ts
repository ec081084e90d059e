import { pageRequest, requireRole, toConnection, type PageRequest } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { RatingSummary } from '../domain/rating.ts';
import { pendingReviews, reviewsOfAuthor } from '../store/reviews.ts';
import type { ReviewDocument } from '../store/reviews-store.ts';
import type { ReviewsContext } from './context.ts';
import { isModerator, isVisibleTo, toReview } from './map.ts';
import { OrderLine, Product, RatingSummaryType, Review, ReviewConnection, User, Vendor } from './review.type.ts';
import { afterDescription, firstDescription } from './shared.type.ts';

const DEFAULT_REVIEWS = 10;

@Resolver()
export class ReviewQueries {
  @Directive('@cacheControl(maxAge: 60)')
  @Query(() => Review, {
    nullable: true,
    description: 'A review; null when it does not exist or is not for you to see.',
  })
  async review(
    @Arg('id', () => ID, { description: 'The review.' }) id: string,
    @Ctx() { loaders, viewer }: ReviewsContext,
  ): Promise<Review | null> {
    const document = await loaders.review.load(id);
    return document && isVisibleTo(viewer, document) ? toReview(document, viewer) : null;
  }

  @Query(() => ReviewConnection, { description: 'Reviews that wait for a moderator, longest first. For moderators.' })
  async moderationQueue(
    @Arg('first', () => Int, { defaultValue: 20, description: firstDescription }) first: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after: string | null,
    @Ctx() context: ReviewsContext,
  ): Promise<ReviewConnection> {
    requireRole(context.viewer, 'MODERATOR', 'OPERATOR');
    const page = pageRequest({ first, after }, { arity: 1 });
    const rows = await pendingReviews(context.commands.store, { limit: page.limit + 1, after: keyOf(page) });
    return connection(rows, page, context);
  }
}

@Resolver(() => Product)
export class ProductReviews {
  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => ReviewConnection, { nullable: true, description: 'Published reviews, newest first.' })
  reviews(
    @Root() { id }: Product,
    @Arg('first', () => Int, { defaultValue: DEFAULT_REVIEWS, description: firstDescription }) first: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after: string | null,
    @Arg('rating', () => Int, { nullable: true, description: 'Only those with so many stars.' }) rating: number | null,
    @Ctx() context: ReviewsContext,
  ): Promise<ReviewConnection> {
    return ofSubject(context, id, { first, after, rating });
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => RatingSummaryType, { nullable: true, description: 'All published ratings in short.' })
  rating(@Root() { id }: Product, @Ctx() { loaders }: ReviewsContext): Promise<RatingSummary> {
    return loaders.rating.load(id);
  }
}

@Resolver(() => Vendor)
export class VendorReviews {
  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => ReviewConnection, {
    nullable: true,
    description: 'Published reviews of the vendor itself, newest first.',
  })
  reviews(
    @Root() { id }: Vendor,
    @Arg('first', () => Int, { defaultValue: DEFAULT_REVIEWS, description: firstDescription }) first: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after: string | null,
    @Ctx() context: ReviewsContext,
  ): Promise<ReviewConnection> {
    return ofSubject(context, id, { first, after, rating: null });
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => RatingSummaryType, {
    nullable: true,
    description: 'All published ratings of the vendor in short.',
  })
  rating(@Root() { id }: Vendor, @Ctx() { loaders }: ReviewsContext): Promise<RatingSummary> {
    return loaders.rating.load(id);
  }
}

@Resolver(() => User)
export class UserReviews {
  @FieldResolver(() => ReviewConnection, {
    nullable: true,
    description: 'What the user wrote, newest first; to others only what is published.',
  })
  async reviews(
    @Root() { id }: User,
    @Arg('first', () => Int, { defaultValue: DEFAULT_REVIEWS, description: firstDescription }) first: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after: string | null,
    @Ctx() context: ReviewsContext,
  ): Promise<ReviewConnection> {
    const { viewer, commands } = context;
    const page = pageRequest({ first, after }, { arity: 1 });
    const isOwn = viewer.kind === 'user' && viewer.userId === id;
    const rows = await reviewsOfAuthor(commands.store, id, {
      limit: page.limit + 1,
      before: keyOf(page),
      onlyPublished: !isOwn && !isModerator(viewer),
    });
    return connection(
      rows.filter((row) => isVisibleTo(viewer, row)),
      page,
      context,
    );
  }
}

@Resolver(() => OrderLine)
export class OrderLineReviews {
  @FieldResolver(() => Review, {
    nullable: true,
    description: 'The review of what was bought, when there is one you may see.',
  })
  async review(@Root() { id }: OrderLine, @Ctx() { loaders, viewer }: ReviewsContext): Promise<Review | null> {
    const document = (await loaders.reviewsOfLine.load(id)).find(({ target }) => target === 'PRODUCT');
    return document && isVisibleTo(viewer, document) ? toReview(document, viewer) : null;
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    description: 'You bought and received it and have not reviewed it yet.',
  })
  async canReview(@Root() { id }: OrderLine, @Ctx() { loaders, viewer }: ReviewsContext): Promise<boolean> {
    if (viewer.kind !== 'user') return false;
    const [purchase, reviews] = [await loaders.purchase.load(id), await loaders.reviewsOfLine.load(id)];
    return purchase?.buyerId === viewer.userId && !reviews.some(({ target }) => target === 'PRODUCT');
  }
}

async function ofSubject(
  context: ReviewsContext,
  subjectId: string,
  args: { first: number; after: string | null; rating: number | null },
): Promise<ReviewConnection> {
  const page = pageRequest(args, { arity: 1 });
  const rows = await context.loaders.reviewsOfSubject.load({
    subjectId,
    page: { limit: page.limit + 1, before: keyOf(page), ...(args.rating ? { rating: args.rating } : {}) },
  });
  return connection(rows, page, context);
}

function connection(rows: readonly ReviewDocument[], page: PageRequest, { viewer }: ReviewsContext): ReviewConnection {
  return toConnection(rows, page, { key: (row) => [row._id], node: (row) => toReview(row, viewer) });
}

function keyOf({ after }: PageRequest): string | undefined {
  return after && String(after[0]);
}
