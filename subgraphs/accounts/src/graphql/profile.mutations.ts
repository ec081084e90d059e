import { requireRole, requireUser } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Directive, ID, Mutation, Resolver } from 'type-graphql';
import { createOrganization } from '../commands/create-organization.ts';
import { createAddress, deleteAddress, updateAddress } from '../commands/keep-addresses.ts';
import { markNotificationsRead, updateNotificationPreferences } from '../commands/keep-notifications.ts';
import { setPrime } from '../commands/set-prime.ts';
import { updateProfile } from '../commands/update-profile.ts';
import { causeOf } from './access.ts';
import { NotificationPreferencesInput, OrganizationCreateInput, ProfileUpdateInput } from './account.input.ts';
import { AddressPayload, BasicPayload, OrganizationPayload, UserPayload } from './account.payload.ts';
import type { AccountsContext } from './context.ts';
import { outcome, toAddress, toOrganization, toUser } from './map.ts';
import { PostalAddressInput } from './shared.type.ts';

const LABEL = { nullable: true, description: 'What its owner calls it, at most 50 characters.' };
const SHIPPING = { nullable: true, description: 'True makes it the default for shipping, instead of the one before.' };
const BILLING = { nullable: true, description: 'True makes it the default for billing, instead of the one before.' };

@Resolver()
export class ProfileMutations {
  @Mutation(() => UserPayload, { description: "Changes the viewer's own profile." })
  async profileUpdate(
    @Arg('input', () => ProfileUpdateInput, { description: 'What is to be different.' }) input: ProfileUpdateInput,
    @Ctx() context: AccountsContext,
  ): Promise<UserPayload> {
    const { userId } = requireUser(context.viewer);
    const { trace } = causeOf(context);
    const result = await updateProfile(context.commands, { ...input, userId, trace });
    const { shown: user, userErrors } = outcome(result, toUser);
    return { user, userErrors };
  }

  @Mutation(() => UserPayload, { description: 'Makes somebody a Prime buyer, or ends it. For operators.' })
  async userPrimeSet(
    @Arg('id', () => ID, { description: 'Who.' }) id: string,
    @Arg('isPrime', () => Boolean, { description: 'Whether they are Prime from now on.' }) isPrime: boolean,
    @Ctx() context: AccountsContext,
  ): Promise<UserPayload> {
    requireRole(context.viewer, 'OPERATOR');
    const result = await setPrime(context.commands, { id, isPrime, cause: causeOf(context) });
    const { shown: user, userErrors } = outcome(result, toUser);
    return { user, userErrors };
  }

  @Mutation(() => AddressPayload, {
    description: "Adds to the viewer's address book, which holds 50. The first address is the default for everything.",
  })
  async addressCreate(
    @Arg('input', () => PostalAddressInput, { description: 'The address.' }) address: PostalAddressInput,
    @Arg('label', () => String, LABEL) label: string | null,
    @Arg('makeDefaultShipping', () => Boolean, SHIPPING) makeDefaultShipping: boolean | null,
    @Arg('makeDefaultBilling', () => Boolean, BILLING) makeDefaultBilling: boolean | null,
    @Ctx() { commands, viewer }: AccountsContext,
  ): Promise<AddressPayload> {
    const input = { address, label, makeDefaultShipping, makeDefaultBilling };
    const result = await createAddress(commands, requireUser(viewer).userId, input);
    const { shown, userErrors } = outcome(result, toAddress);
    return { address: shown, userErrors };
  }

  @Directive('@idempotent')
  @Mutation(() => AddressPayload, { description: "Replaces an address in the viewer's address book." })
  async addressUpdate(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Arg('input', () => PostalAddressInput, { description: 'The address.' }) address: PostalAddressInput,
    @Arg('label', () => String, LABEL) label: string | null,
    @Arg('makeDefaultShipping', () => Boolean, SHIPPING) makeDefaultShipping: boolean | null,
    @Arg('makeDefaultBilling', () => Boolean, BILLING) makeDefaultBilling: boolean | null,
    @Ctx() { commands, viewer }: AccountsContext,
  ): Promise<AddressPayload> {
    const input = { id, address, label, makeDefaultShipping, makeDefaultBilling };
    const result = await updateAddress(commands, requireUser(viewer).userId, input);
    const { shown, userErrors } = outcome(result, toAddress);
    return { address: shown, userErrors };
  }

  @Directive('@idempotent')
  @Mutation(() => BasicPayload, {
    description: "Removes an address from the viewer's address book. The newest of the rest takes over as default.",
  })
  async addressDelete(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Ctx() { commands, viewer }: AccountsContext,
  ): Promise<BasicPayload> {
    const { shown, userErrors } = outcome(await deleteAddress(commands, requireUser(viewer).userId, id), () => true);
    return { success: shown ?? false, userErrors };
  }

  @Mutation(() => OrganizationPayload, { description: 'Founds an organization that the viewer then runs.' })
  async organizationCreate(
    @Arg('input', () => OrganizationCreateInput, { description: 'The organization.' }) input: OrganizationCreateInput,
    @Ctx() context: AccountsContext,
  ): Promise<OrganizationPayload> {
    const result = await createOrganization(context.commands, { organization: input, cause: causeOf(context) });
    const { shown: organization, userErrors } = outcome(result, toOrganization);
    return { organization, userErrors };
  }

  @Mutation(() => UserPayload, { description: 'How and about what the viewer is told from now on.' })
  async notificationPreferencesUpdate(
    @Arg('input', () => NotificationPreferencesInput, { description: 'The preferences.' })
    input: NotificationPreferencesInput,
    @Ctx() { commands, viewer }: AccountsContext,
  ): Promise<UserPayload> {
    const { userId } = requireUser(viewer);
    const { shown: user, userErrors } = outcome(
      await updateNotificationPreferences(commands, { ...input, userId }),
      toUser,
    );
    return { user, userErrors };
  }

  @Mutation(() => BasicPayload, { description: "Marks the viewer's own notifications as read, at most 100 at a time." })
  async notificationMarkRead(
    @Arg('ids', () => [ID], { description: 'Which. Those of others are passed over.' }) ids: string[],
    @Ctx() { commands, viewer }: AccountsContext,
  ): Promise<BasicPayload> {
    const { userId } = requireUser(viewer);
    const { shown, userErrors } = outcome(await markNotificationsRead(commands, { userId, ids }), () => true);
    return { success: shown ?? false, userErrors };
  }
}
