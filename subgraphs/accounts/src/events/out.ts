import type { NewEvent } from '@marketgraph/platform/messaging';
import * as contracts from '@marketgraph/schema/events/accounts';
import type { KycStatus, VendorStatus } from '../domain/vendor.ts';

/** Events of a user are numbered per user, those of a vendor by its version. */

export function userRegistered(payload: contracts.UserRegistered, sequence: number): NewEvent {
  const { name, version } = contracts.userRegistered;
  return { name, version, key: payload.userId, sequence, payload };
}

export function principalChanged(userId: string, sequence: number): NewEvent {
  const { name, version } = contracts.principalChanged;
  const payload: contracts.PrincipalChanged = { userId };
  return { name, version, key: userId, sequence, payload };
}

export function personalizationChanged(payload: contracts.PersonalizationChanged, sequence: number): NewEvent {
  const { name, version } = contracts.personalizationChanged;
  return { name, version, key: payload.userId, sequence, payload };
}

export function sessionRevoked(payload: contracts.SessionRevoked, sequence: number): NewEvent {
  const { name, version } = contracts.sessionRevoked;
  return { name, version, key: payload.userId, sequence, payload };
}

/** A key has one event: its last. */
export function apiKeyRevoked(payload: contracts.ApiKeyRevoked): NewEvent {
  const { name, version } = contracts.apiKeyRevoked;
  return { name, version, key: payload.apiKeyId, sequence: 1, payload };
}

export function notificationCreated(payload: contracts.NotificationCreated, sequence: number): NewEvent {
  const { name, version } = contracts.notificationCreated;
  const topics = [`notificationReceived:${payload.userId}`];
  return { name, version, key: payload.userId, sequence, topics, payload };
}

interface Vendor {
  id: string;
  organizationId: string;
  ownerUserId: string;
  handle: string;
  businessName: string;
  status: VendorStatus;
  kycStatus: KycStatus;
  location: { lat: number; lon: number } | null;
  shipsTo: readonly string[] | null;
  isPrimeEligible: boolean;
  version: number;
}

export function vendorChanged(vendor: Vendor): NewEvent {
  const { name, version } = contracts.vendorChanged;
  const { id: vendorId, organizationId, ownerUserId, handle, businessName, status, kycStatus } = vendor;
  const payload: contracts.VendorChanged = {
    vendorId,
    organizationId,
    ownerUserId,
    handle,
    businessName,
    status,
    kycStatus,
    isPrimeEligible: vendor.isPrimeEligible,
    location: vendor.location,
    shipsTo: vendor.shipsTo && [...vendor.shipsTo],
  };
  return { name, version, key: vendorId, sequence: vendor.version, payload };
}
