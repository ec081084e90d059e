import { pageRequest, requireRole, requireUser, toConnection, wholeNumber } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { dismissCase } from '../commands/dismiss-case.ts';
import { reportListing } from '../commands/report-listing.ts';
import { listOpenCases } from '../store/cases.ts';
import {
  ListingReport,
  ListingReportPayload,
  ModerationCase,
  ModerationCaseConnection,
  ModerationCasePayload,
  ReportReason,
  toListingReport,
  toModerationCase,
} from './case.type.ts';
import { type CatalogContext, runCommand } from './context.ts';
import { settled } from './payload.type.ts';
import { Product, toProduct } from './product.type.ts';
import { afterDescription, firstDescription } from './shared.type.ts';
import { toVendor, Vendor } from './vendor.type.ts';

@Resolver(() => ModerationCase)
export class CaseResolver {
  @Query(() => ModerationCaseConnection, {
    description:
      'Products and vendors nobody has decided about yet, what speaks most against them in front. For moderators.',
  })
  async moderationCases(
    @Ctx() { deps, viewer }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<ModerationCaseConnection> {
    requireRole(viewer, 'MODERATOR', 'OPERATOR');
    const page = pageRequest({ first, after }, { arity: 2 });
    const cases = await listOpenCases(deps.store, {
      limit: page.limit,
      ...(page.after ? { after: { score: wholeNumber(page.after[0]), id: String(page.after[1]) } } : {}),
    });
    return toConnection(cases, page, { key: ({ score, id }) => [score, id], node: toModerationCase });
  }

  @Mutation(() => ListingReportPayload, {
    description:
      'Tells a moderator that something is wrong with a product. Your report of the same product is one until it is decided; at most 20 a day.',
  })
  async listingReport(
    @Ctx() context: CatalogContext,
    @Arg('productId', () => ID, { description: 'The product.' }) productId: string,
    @Arg('reason', () => ReportReason, { description: 'What is wrong with it.' }) reason: ReportReason,
    @Arg('note', () => String, { nullable: true, description: 'In your own words, up to 1,000 characters.' })
    note?: string,
  ): Promise<ListingReportPayload> {
    const { userId } = requireUser(context.viewer);
    const command = { reporter: { userId, trace: context.traceparent }, productId, reason, note };
    const outcome = await runCommand(context, (deps) => reportListing(deps, command));
    const { value, userErrors } = settled(outcome, ({ id }) => id);
    return { reportId: value, userErrors };
  }

  @Mutation(() => ModerationCasePayload, {
    description:
      'Decides that nothing is wrong. What was flagged is not flagged again while it stays as it is. A product is decided about by `productModerate`, which ends its case too.',
  })
  async moderationCaseDismiss(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'The case.' }) id: string,
    @Arg('note', () => String, { nullable: true, description: 'For other moderators, up to 1,000 characters.' })
    note?: string,
  ): Promise<ModerationCasePayload> {
    const { userId } = requireRole(context.viewer, 'MODERATOR', 'OPERATOR');
    const moderator = { userId, trace: context.traceparent };
    const outcome = await runCommand(context, (deps) => dismissCase(deps, { moderator, id, note }));
    const { value, userErrors } = settled(outcome, toModerationCase);
    return { case: value, userErrors };
  }

  @FieldResolver(() => Product, { nullable: true, description: 'The product; null when the case is about a vendor.' })
  async product(@Root() { state }: ModerationCase, @Ctx() { loaders }: CatalogContext): Promise<Product | null> {
    if (state.subject !== 'PRODUCT') return null;
    const product = await loaders.product.load(state.subjectId);
    return product && toProduct(product);
  }

  @FieldResolver(() => Vendor, { description: 'The vendor, or whose product it is.' })
  vendor(@Root() { state }: ModerationCase): Vendor {
    return toVendor(state.vendorId);
  }

  @FieldResolver(() => [ListingReport], { description: 'The newest reports, at most 20.' })
  async reports(@Root() { id }: ModerationCase, @Ctx() { loaders }: CatalogContext): Promise<ListingReport[]> {
    return (await loaders.reportsOfCase.load(id)).map(toListingReport);
  }
}
