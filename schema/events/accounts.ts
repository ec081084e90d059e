import { fact } from './fact.ts';

export interface UserRegistered {
  userId: string;
  displayName: string | null;
  locale: string | null;
}

/** The whole vendor as others need it. Key: the vendor; sequence: its version. */
export interface VendorChanged {
  vendorId: string;
  organizationId: string;
  ownerUserId: string;
  handle: string;
  businessName: string;
  /** APPLIED ONBOARDING PENDING_REVIEW ACTIVE SUSPENDED REJECTED TERMINATED */
  status: string;
  /** NOT_STARTED SUBMITTED NEEDS_INFORMATION VERIFIED REJECTED */
  kycStatus: string;
  isPrimeEligible: boolean;
  /** Degrees; null or absent when it has not said where it is. */
  location?: { lat: number; lon: number } | null;
  /** Country codes; null or absent: everywhere. */
  shipsTo?: string[] | null;
}

/** Roles or memberships of a user are different now. Key: the user. */
export interface PrincipalChanged {
  userId: string;
}

/** Somebody wants results of their own, or no more; what was remembered of them for that is forgotten then. Key: the user. */
export interface PersonalizationChanged {
  userId: string;
  isPersonalized: boolean;
}

/** Key: the user. Without a session id all of the user's sessions ended. */
export interface SessionRevoked {
  userId: string;
  sessionId: string | null;
}

/** The key is no longer good; whoever uses it is nobody from now on. Key: the API key. */
export interface ApiKeyRevoked {
  apiKeyId: string;
  vendorId: string;
}

/** Topics: `notificationReceived:<userId>`. */
export interface NotificationCreated {
  notificationId: string;
  userId: string;
  topic: string;
}

export const userRegistered = fact<UserRegistered>()('accounts.userRegistered', 1, {
  userId: 'usr_01J0000000000000000000BUYR',
  displayName: 'Bea Buyer',
  locale: 'en',
});
export const vendorChanged = fact<VendorChanged>()('accounts.vendorChanged', 1, {
  vendorId: 'ven_01J0000000000000000000VEND',
  organizationId: 'org_01J0000000000000000000SELR',
  ownerUserId: 'usr_01J0000000000000000000VADM',
  handle: 'north-lamps',
  businessName: 'North Lamps Ltd',
  status: 'ACTIVE',
  kycStatus: 'VERIFIED',
  isPrimeEligible: false,
  location: { lat: 52.52, lon: 13.405 },
  shipsTo: ['DE', 'AT'],
});
export const principalChanged = fact<PrincipalChanged>()('accounts.principalChanged', 1, {
  userId: 'usr_01J0000000000000000000VADM',
});
export const personalizationChanged = fact<PersonalizationChanged>()('accounts.personalizationChanged', 1, {
  userId: 'usr_01J0000000000000000000BUYR',
  isPersonalized: false,
});
export const apiKeyRevoked = fact<ApiKeyRevoked>()('accounts.apiKeyRevoked', 1, {
  apiKeyId: 'key_01J000000000000000000APIK',
  vendorId: 'ven_01J0000000000000000000VEND',
});
export const sessionRevoked = fact<SessionRevoked>()('accounts.sessionRevoked', 1, {
  userId: 'usr_01J0000000000000000000BUYR',
  sessionId: 'ses_01J0000000000000000000SESS',
});
export const notificationCreated = fact<NotificationCreated>()('accounts.notificationCreated', 1, {
  notificationId: 'ntf_01J0000000000000000000NTFY',
  userId: 'usr_01J0000000000000000000BUYR',
  topic: 'order.confirmed',
});
