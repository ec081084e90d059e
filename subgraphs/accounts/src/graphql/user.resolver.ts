import { DateTime, forbidden, isService, JSONScalar, LanguageTag } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { reachesVendor, seesOrganization, seesUser } from './access.ts';
import { Role } from './account.enums.ts';
import { Membership, NotificationPreferences, Organization, SavedAddress, User, Vendor } from './account.type.ts';
import type { AccountsContext } from './context.ts';
import { toAddress, toMembership, toOrganization, toUser, toVendor } from './map.ts';

@Resolver()
export class UserQueries {
  @Query(() => User, { nullable: true, description: 'Who asks; null when nobody is signed in.' })
  async me(@Ctx() { loaders, viewer }: AccountsContext): Promise<User | null> {
    const row = viewer.kind === 'user' ? await loaders.user.load(viewer.userId) : null;
    return row && toUser(row);
  }

  @Query(() => User, { nullable: true, description: 'A user, for themselves and support; null for others.' })
  async user(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Ctx() { loaders, viewer }: AccountsContext,
  ): Promise<User | null> {
    const row = seesUser(viewer, id) ? await loaders.user.load(id) : null;
    return row && toUser(row);
  }
}

/** Others reach a user through an order or a review and see the display name there. The rest is refused, field by field. */
@Resolver(() => User)
export class UserFields {
  @FieldResolver(() => String, { description: 'E-mail address. For the user and support.' })
  email(@Root() user: User, @Ctx() context: AccountsContext): string {
    assertPrivate(user, context);
    return user.emailAddress;
  }

  @FieldResolver(() => LanguageTag, { nullable: true, description: 'Language for messages. For the user and support.' })
  locale(@Root() user: User, @Ctx() context: AccountsContext): string | null {
    assertPrivate(user, context);
    return user.language ?? null;
  }

  @FieldResolver(() => JSONScalar, {
    nullable: true,
    description: "What the user's clients keep here. For the user and support.",
  })
  preferences(@Root() user: User, @Ctx() context: AccountsContext): unknown {
    assertPrivate(user, context);
    return user.settings;
  }

  @FieldResolver(() => [Role], { description: 'What they may do, their seats included. For the user and support.' })
  async roles(@Root() user: User, @Ctx() context: AccountsContext): Promise<Role[]> {
    assertPrivate(user, context);
    const principal = await context.loaders.principal.load(user.id);
    return (principal?.roles ?? []) as Role[];
  }

  @FieldResolver(() => [SavedAddress], { description: 'The address book, at most 50. For the user and support.' })
  async addresses(@Root() user: User, @Ctx() context: AccountsContext): Promise<SavedAddress[]> {
    assertPrivate(user, context);
    return (await context.loaders.addressesOfUser.load(user.id)).map(toAddress);
  }

  @FieldResolver(() => [Membership], { description: 'Seats in organizations, at most 20. For the user and support.' })
  async memberships(@Root() user: User, @Ctx() context: AccountsContext): Promise<Membership[]> {
    assertPrivate(user, context);
    const rows = await context.loaders.membershipsOfUser.load(user.id);
    return rows.map((row) => Object.assign(toMembership(row), { isOwnAnswer: true }));
  }

  @FieldResolver(() => Vendor, {
    nullable: true,
    description: 'The vendor they work for, for whom may see that vendor.',
  })
  async vendor(@Root() user: User, @Ctx() { loaders, viewer }: AccountsContext): Promise<Vendor | null> {
    const row = await loaders.vendorOfUser.load(user.id);
    const isShown = row && (user.isOwnAnswer || seesUser(viewer, user.id) || reachesVendor(viewer, row));
    return isShown ? toVendor(row) : null;
  }

  @FieldResolver(() => NotificationPreferences, { description: 'How they are told. For the user and support.' })
  notificationPreferences(@Root() user: User, @Ctx() context: AccountsContext): NotificationPreferences {
    assertPrivate(user, context);
    return user.preferred;
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether offers for Prime buyers are theirs. For the user and support.',
  })
  isPrime(@Root() user: User, @Ctx() context: AccountsContext): boolean {
    // Orders asks by itself, so that nobody says of themselves that they are.
    if (!isService(context.viewer, 'orders')) assertPrivate(user, context);
    return user.prime;
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether search remembers what they look at and orders results by it. For the user and support.',
  })
  isPersonalized(@Root() user: User, @Ctx() context: AccountsContext): boolean {
    if (!isService(context.viewer, 'search')) assertPrivate(user, context);
    return user.personalized;
  }

  @FieldResolver(() => DateTime, { description: 'Since when they have an account. For the user and support.' })
  createdAt(@Root() user: User, @Ctx() context: AccountsContext): Date {
    assertPrivate(user, context);
    return user.joinedAt;
  }
}

@Resolver(() => Membership)
export class MembershipFields {
  @FieldResolver(() => User, { description: 'Who.' })
  async user(@Root() { userId }: Membership, @Ctx() { loaders }: AccountsContext): Promise<User> {
    const row = await loaders.user.load(userId);
    return toUser(row!);
  }

  @FieldResolver(() => Organization, { description: 'Where.' })
  async organization(
    @Root() membership: Membership & { isOwnAnswer?: boolean },
    @Ctx() { loaders, viewer }: AccountsContext,
  ): Promise<Organization> {
    const { organizationId, isOwnAnswer } = membership;
    if (!isOwnAnswer && !seesOrganization(viewer, organizationId)) throw forbidden();
    return toOrganization((await loaders.organization.load(organizationId))!);
  }
}

function assertPrivate(user: User, { viewer }: AccountsContext): void {
  if (!user.isOwnAnswer && !seesUser(viewer, user.id)) throw forbidden();
}
