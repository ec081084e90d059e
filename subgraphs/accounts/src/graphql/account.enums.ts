import { registerEnumType } from 'type-graphql';

export enum Role {
  BUYER = 'BUYER',
  VENDOR_ADMIN = 'VENDOR_ADMIN',
  VENDOR_STAFF = 'VENDOR_STAFF',
  ORG_ADMIN = 'ORG_ADMIN',
  PURCHASER = 'PURCHASER',
  APPROVER = 'APPROVER',
  SALES_REP = 'SALES_REP',
  MODERATOR = 'MODERATOR',
  SUPPORT = 'SUPPORT',
  OPERATOR = 'OPERATOR',
}
registerEnumType(Role, {
  name: 'Role',
  description: 'What somebody may do.',
  valuesConfig: {
    BUYER: { description: 'Buys.' },
    VENDOR_ADMIN: { description: 'Runs a vendor.' },
    VENDOR_STAFF: { description: 'Works for a vendor.' },
    ORG_ADMIN: { description: 'Runs a buying organization.' },
    PURCHASER: { description: 'Buys for an organization.' },
    APPROVER: { description: 'Approves what an organization buys.' },
    SALES_REP: { description: 'Looks after customers of a seller.' },
    MODERATOR: { description: 'Moderates reviews and products.' },
    SUPPORT: { description: 'Helps users.' },
    OPERATOR: { description: 'Runs the marketplace.' },
  },
});

export enum OrganizationType {
  BUYER = 'BUYER',
  SELLER = 'SELLER',
}
registerEnumType(OrganizationType, {
  name: 'OrganizationType',
  description: 'Which side of a purchase an organization is on.',
  valuesConfig: { BUYER: { description: 'It buys.' }, SELLER: { description: 'It sells.' } },
});

export enum AccountType {
  BUYER = 'BUYER',
  VENDOR = 'VENDOR',
  ORGANIZATION = 'ORGANIZATION',
}
registerEnumType(AccountType, {
  name: 'AccountType',
  description: 'What an account is opened for.',
  valuesConfig: {
    BUYER: { description: 'Buying for oneself.' },
    VENDOR: { description: 'Selling; with an organization its founder can apply as vendor at once.' },
    ORGANIZATION: { description: 'An organization that buys or sells.' },
  },
});

export enum VendorStatus {
  APPLIED = 'APPLIED',
  ONBOARDING = 'ONBOARDING',
  PENDING_REVIEW = 'PENDING_REVIEW',
  ACTIVE = 'ACTIVE',
  SUSPENDED = 'SUSPENDED',
  REJECTED = 'REJECTED',
  TERMINATED = 'TERMINATED',
}
registerEnumType(VendorStatus, {
  name: 'VendorStatus',
  description: 'Where a vendor stands.',
  valuesConfig: {
    APPLIED: { description: 'Applied; documents are missing.' },
    ONBOARDING: { description: 'Asked for more documents.' },
    PENDING_REVIEW: { description: 'Documents are there; an operator looks at them.' },
    ACTIVE: { description: 'Sells.' },
    SUSPENDED: { description: 'May not sell for the time being.' },
    REJECTED: { description: 'Was not admitted.' },
    TERMINATED: { description: 'Sold here once and never will again.' },
  },
});

export enum KycStatus {
  NOT_STARTED = 'NOT_STARTED',
  SUBMITTED = 'SUBMITTED',
  NEEDS_INFORMATION = 'NEEDS_INFORMATION',
  VERIFIED = 'VERIFIED',
  REJECTED = 'REJECTED',
}
registerEnumType(KycStatus, {
  name: 'KycStatus',
  description: 'Whether it is known who a vendor is.',
  valuesConfig: {
    NOT_STARTED: { description: 'No documents yet.' },
    SUBMITTED: { description: 'Documents wait for a decision.' },
    NEEDS_INFORMATION: { description: 'The documents were not enough.' },
    VERIFIED: { description: 'It is known.' },
    REJECTED: { description: 'The documents were not accepted.' },
  },
});

export enum VendorDecision {
  APPROVE = 'APPROVE',
  REJECT = 'REJECT',
  REQUEST_INFORMATION = 'REQUEST_INFORMATION',
}
registerEnumType(VendorDecision, {
  name: 'VendorDecision',
  description: "An operator's decision on a vendor.",
  valuesConfig: {
    APPROVE: { description: 'It may sell.' },
    REJECT: { description: 'It may not; for a suspended vendor that is for good.' },
    REQUEST_INFORMATION: { description: 'More documents are needed.' },
  },
});

export enum NotificationChannel {
  EMAIL = 'EMAIL',
  IN_APP = 'IN_APP',
}
registerEnumType(NotificationChannel, {
  name: 'NotificationChannel',
  description: 'How somebody is told.',
  valuesConfig: {
    EMAIL: { description: 'By e-mail.' },
    IN_APP: { description: 'In the list of notifications and by `notificationReceived`.' },
  },
});
