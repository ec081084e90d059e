import { buildSubgraph, hasRole, isService, type SubgraphSchema } from '@marketgraph/platform/graphql';
import { isSelf, reachesVendor, seesOrganization, seesUser } from './graphql/access.ts';
import * as types from './graphql/account.type.ts';
import { ApiKeyMutations, VendorApiKeys } from './graphql/api-key.resolver.ts';
import { AuditFields, AuditQueries } from './graphql/audit.resolver.ts';
import { AuditLogEntry } from './graphql/audit.type.ts';
import type { AccountsContext } from './graphql/context.ts';
import { InternalQueries } from './graphql/internal.resolver.ts';
import * as map from './graphql/map.ts';
import * as notifications from './graphql/notification.resolver.ts';
import { Notification } from './graphql/notification.type.ts';
import { ProfileMutations } from './graphql/profile.mutations.ts';
import { SessionMutations } from './graphql/session.mutations.ts';
import { BasicUserError } from './graphql/shared.type.ts';
import { MembershipFields, UserFields, UserQueries } from './graphql/user.resolver.ts';
import { VendorMutations } from './graphql/vendor.mutations.ts';
import { OrganizationFields, OrganizationQueries, VendorFields, VendorQueries } from './graphql/vendor.resolver.ts';

const idOf = (reference: Record<string, unknown>) => String(reference['id']);

export function accountsSchema(): SubgraphSchema {
  return buildSubgraph({
    resolvers: [
      UserQueries,
      UserFields,
      MembershipFields,
      OrganizationQueries,
      OrganizationFields,
      VendorQueries,
      VendorFields,
      AuditQueries,
      AuditFields,
      InternalQueries,
      notifications.UserNotifications,
      notifications.NotificationConnectionFields,
      notifications.NotificationSubscriptions,
      SessionMutations,
      ProfileMutations,
      VendorMutations,
      ApiKeyMutations,
      VendorApiKeys,
    ],
    orphanedTypes: [
      BasicUserError,
      types.User,
      types.Organization,
      types.Membership,
      types.SavedAddress,
      types.Vendor,
      Notification,
      AuditLogEntry,
    ],
    references: {
      // Known by the order or review that names them; each private field asks again who reads it.
      User: async (reference, { loaders }: AccountsContext) => {
        const row = await loaders.user.load(idOf(reference));
        return row && map.toUser(row);
      },
      Vendor: async (reference, { loaders, viewer }: AccountsContext) => {
        const row = await loaders.vendor.load(idOf(reference));
        return row && reachesVendor(viewer, row) ? map.toVendor(row) : null;
      },
      Organization: async (reference, { loaders, viewer }: AccountsContext) => {
        // The other services ask whether there is such a one.
        const isSeen = seesOrganization(viewer, idOf(reference)) || isService(viewer);
        const row = isSeen ? await loaders.organization.load(idOf(reference)) : null;
        return row && map.toOrganization(row);
      },
      Membership: async (reference, { loaders, viewer }: AccountsContext) => {
        const row = await loaders.membership.load(idOf(reference));
        return row && seesOrganization(viewer, row.organizationId) ? map.toMembership(row) : null;
      },
      SavedAddress: async (reference, { loaders, viewer }: AccountsContext) => {
        const row = await loaders.address.load(idOf(reference));
        const isSeen =
          row && (row.userId ? seesUser(viewer, row.userId) : seesOrganization(viewer, row.organizationId ?? ''));
        return isSeen ? map.toAddress(row) : null;
      },
      Notification: async (reference, { loaders, viewer }: AccountsContext) => {
        const row = await loaders.notification.load(idOf(reference));
        return row && isSelf(viewer, row.userId) ? map.toNotification(row) : null;
      },
      AuditLogEntry: async (reference, { loaders, viewer }: AccountsContext) => {
        const row = hasRole(viewer, 'OPERATOR') ? await loaders.auditEntry.load(idOf(reference)) : null;
        return row && map.toAuditEntry(row);
      },
    },
  });
}
