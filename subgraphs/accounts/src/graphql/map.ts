import type { Rejection, Result } from '@marketgraph/platform/core';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import type { ApiKeyRow } from '../store/api-keys.ts';
import type { AddressRow } from '../store/addresses.ts';
import type { AuditRow } from '../store/audit.ts';
import type { NotificationRow } from '../store/notifications.ts';
import type { MembershipRow, OrganizationRow } from '../store/organizations.ts';
import type { UserRow } from '../store/users.ts';
import type { VendorRow } from '../store/vendors.ts';
import type { Membership, Organization, SavedAddress, User, Vendor } from './account.type.ts';
import type { ApiKey } from './api-key.type.ts';
import type { AuditLogEntry } from './audit.type.ts';
import type { Notification } from './notification.type.ts';
import type { UserError } from './shared.type.ts';

export function toUserError({ code, message, field }: Rejection): UserError {
  return Object.assign(
    { code: UserErrorCode[code as keyof typeof UserErrorCode], message, field: field ?? null },
    { __typename: 'BasicUserError' },
  );
}

/** The two sides of an outcome, as a payload has them. */
export function outcome<Row, Shown>(
  result: Result<Row>,
  show: (row: Row) => Shown,
): { shown: Shown | null; userErrors: UserError[] } {
  return result.ok
    ? { shown: show(result.value), userErrors: [] }
    : { shown: null, userErrors: [toUserError(result.rejection)] };
}

export function toUser(row: UserRow, { isOwnAnswer = false } = {}): User {
  const { id, displayName, email, locale, preferences, notificationChannels, mutedTopics, createdAt } = row;
  return Object.assign(
    {
      id,
      displayName,
      isOwnAnswer,
      emailAddress: email,
      language: locale,
      settings: preferences,
      preferred: { channels: notificationChannels as User['preferred']['channels'], mutedTopics },
      prime: row.isPrime,
      personalized: row.isPersonalized,
      joinedAt: new Date(createdAt),
    },
    { __typename: 'User' },
  );
}

export function toAddress({ id, label, isDefaultShipping, isDefaultBilling, address }: AddressRow): SavedAddress {
  return Object.assign({ id, label, isDefaultShipping, isDefaultBilling, address }, { __typename: 'SavedAddress' });
}

export function toOrganization({ id, name, type, taxId, createdAt }: OrganizationRow): Organization {
  return Object.assign(
    { id, name, type: type as Organization['type'], taxId, createdAt: new Date(createdAt) },
    { __typename: 'Organization' },
  );
}

export function toMembership({ id, userId, organizationId, role }: MembershipRow): Membership {
  return Object.assign({ id, userId, organizationId, role: role as Membership['role'] }, { __typename: 'Membership' });
}

export function toVendor(row: VendorRow): Vendor {
  const { id, organizationId, handle, businessName, description, address, status, kycStatus, createdAt, version } = row;
  return Object.assign(
    {
      id,
      organizationId,
      handle,
      businessName,
      description,
      businessAddress: address,
      status: status as Vendor['status'],
      kycStatus: kycStatus as Vendor['kycStatus'],
      isPrimeEligible: row.isPrimeEligible,
      location: row.location,
      shipsTo: row.shipsTo,
      createdAt: new Date(createdAt),
      version,
    },
    { __typename: 'Vendor' },
  );
}

export function toApiKey({ id, name, scopes, createdAt, lastUsedAt, expiresAt }: ApiKeyRow): ApiKey {
  const at = (time: Date | string | null) => (time === null ? null : new Date(time));
  return Object.assign(
    { id, name, scopes, createdAt: new Date(createdAt), lastUsedAt: at(lastUsedAt), expiresAt: at(expiresAt) },
    { __typename: 'ApiKey' },
  );
}

export function toNotification(row: NotificationRow): Notification {
  const { id, topic, title, body, channels, subjectId, readAt, createdAt } = row;
  return Object.assign(
    {
      id,
      topic,
      title,
      body,
      channels: channels as Notification['channels'],
      subjectId,
      readAt: readAt === null ? null : new Date(readAt),
      createdAt: new Date(createdAt),
    },
    { __typename: 'Notification' },
  );
}

export function toAuditEntry(row: AuditRow): AuditLogEntry {
  const { id, actorId, action, subjectId, before, after, at, requestId, hash, previousHash } = row;
  return Object.assign(
    { id, actorId, action, subjectId, before, after, at: new Date(at), requestId, hash, previousHash },
    { __typename: 'AuditLogEntry' },
  );
}
