import { badUserInput, forbidden, hasRole, pageRequest, toConnection } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { findVendorByHandle, vendorPage } from '../store/vendors.ts';
import { findsVendor, seesAllOfVendor, seesOrganization } from './access.ts';
import { VendorFilter } from './account.input.ts';
import { MembershipConnection, Organization, SavedAddress, Vendor, VendorConnection } from './account.type.ts';
import type { AccountsContext } from './context.ts';
import { toAddress, toMembership, toOrganization, toVendor } from './map.ts';
import { PostalAddress } from './shared.type.ts';

const MAX_QUERY = 100;
const FIRST = { defaultValue: 20, nullable: true, description: 'At most 100.' };
const AFTER = { nullable: true, description: 'The cursor of the last one seen.' };

@Resolver()
export class VendorQueries {
  @Directive('@cacheControl(maxAge: 60)')
  @Directive('@apiScope(anyOf: ["catalog:read", "inventory:read", "orders:read"])')
  @Query(() => Vendor, {
    nullable: true,
    description: 'A vendor by id or handle; null when there is none, or none the viewer may see.',
  })
  async vendor(
    @Arg('id', () => ID, { nullable: true, description: 'Either this…' }) id: string | null,
    @Arg('handle', () => String, { nullable: true, description: '…or this.' }) handle: string | null,
    @Ctx() { loaders, viewer, commands }: AccountsContext,
  ): Promise<Vendor | null> {
    if ((id == null) === (handle == null)) throw badUserInput('Either id or handle.');
    const row = id == null ? await findVendorByHandle(commands.orm.em.fork(), handle!) : await loaders.vendor.load(id);
    return row && findsVendor(viewer, row) ? toVendor(row) : null;
  }

  @Query(() => VendorConnection, { description: 'Vendors by name: active ones; for operators all.' })
  async vendors(
    @Arg('first', () => Int, FIRST) first: number | null,
    @Arg('after', () => String, AFTER) after: string | null,
    @Arg('filter', () => VendorFilter, { nullable: true, description: 'Which ones.' }) filter: VendorFilter | null,
    @Ctx() { viewer, commands }: AccountsContext,
  ): Promise<VendorConnection> {
    const page = pageRequest({ first, after }, { arity: 2 });
    const query = filter?.query?.trim() ?? '';
    if (query.length > MAX_QUERY || query.includes('\0'))
      throw badUserInput(`query has at most ${MAX_QUERY} characters.`);
    const asked = filter?.status ?? null;
    const seesAll = hasRole(viewer, 'OPERATOR', 'SUPPORT', 'MODERATOR');
    const rows = await vendorPage(commands.orm.em.fork(), {
      statuses: seesAll ? asked : (asked ?? ['ACTIVE' as const]).filter((status) => status === 'ACTIVE'),
      query: query === '' ? null : query,
      after: page.after ? { name: String(page.after[0]), id: String(page.after[1]) } : null,
      limit: page.limit + 1,
    });
    return toConnection(rows, page, { key: ({ sortName, id }) => [sortName, id], node: (row) => toVendor(row) });
  }
}

@Resolver(() => Vendor)
export class VendorFields {
  @FieldResolver(() => Organization, { description: 'The organization behind it. For its members and support.' })
  async organization(
    @Root() { organizationId }: Vendor,
    @Ctx() { loaders, viewer }: AccountsContext,
  ): Promise<Organization> {
    if (!seesOrganization(viewer, organizationId)) throw forbidden();
    return toOrganization((await loaders.organization.load(organizationId))!);
  }

  @FieldResolver(() => PostalAddress, {
    nullable: true,
    description: 'Business address. Person and phone are for its members and operators.',
  })
  address(@Root() { id, businessAddress }: Vendor, @Ctx() { viewer }: AccountsContext): PostalAddress {
    if (seesAllOfVendor(viewer, id)) return businessAddress;
    const { name: _, phone: __, ...published } = businessAddress;
    return published;
  }
}

@Resolver()
export class OrganizationQueries {
  @Query(() => Organization, { nullable: true, description: 'An organization, for its members and support.' })
  async organization(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @Ctx() { loaders, viewer }: AccountsContext,
  ): Promise<Organization | null> {
    const row = seesOrganization(viewer, id) ? await loaders.organization.load(id) : null;
    return row && toOrganization(row);
  }
}

/** Whoever was given an organization may see it, its lists included. */
@Resolver(() => Organization)
export class OrganizationFields {
  @FieldResolver(() => MembershipConnection, { description: 'Who belongs to it, oldest first.' })
  async members(
    @Root() { id }: Organization,
    @Arg('first', () => Int, { ...FIRST, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, AFTER) after: string | null,
    @Ctx() { loaders }: AccountsContext,
  ): Promise<MembershipConnection> {
    const page = pageRequest({ first, after }, { arity: 1, defaultSize: 50 });
    const rows = await loaders.members.load({
      organizationId: id,
      after: String(page.after?.[0] ?? ''),
      limit: page.limit + 1,
    });
    return toConnection(rows, page, {
      key: (row) => [row.id],
      node: (row) => Object.assign(toMembership(row), { isOwnAnswer: true }),
    });
  }

  @FieldResolver(() => [SavedAddress], { description: 'Its addresses.' })
  async addresses(@Root() { id }: Organization, @Ctx() { loaders }: AccountsContext): Promise<SavedAddress[]> {
    return (await loaders.addressesOfOrganization.load(id)).map(toAddress);
  }
}
