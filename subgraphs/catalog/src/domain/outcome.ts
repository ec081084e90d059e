import type { Rejection, Result } from '@marketgraph/platform/core';

/** Codes of the schema's `UserErrorCode` that the catalog answers with. */
export type RefusalCode =
  | 'INVALID'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'CONFLICT'
  | 'VERSION_MISMATCH'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'VENDOR_NOT_ACTIVE'
  | 'KYC_REQUIRED'
  | 'ILLEGAL_TRANSITION'
  | 'LIMIT_EXCEEDED'
  | 'RATE_LIMITED';

export type Refusal = Rejection<RefusalCode>;

/** Everything that is wrong with an input is told at once, so one round mends it. */
export type Outcome<T> = Result<T, readonly Refusal[]>;

export function refusal(code: RefusalCode, message: string, field?: readonly (string | number)[]): Refusal {
  return { code, message, ...(field ? { field: field.map(String) } : {}) };
}

export function refuse(
  code: RefusalCode,
  message: string,
  field?: readonly (string | number)[],
): { ok: false; rejection: readonly Refusal[] } {
  return { ok: false, rejection: [refusal(code, message, field)] };
}

export function refuseAll(refusals: readonly Refusal[]): { ok: false; rejection: readonly Refusal[] } {
  return { ok: false, rejection: refusals };
}

/** The one answer to an edit that was made from an older state. */
export function versionMismatch(current: number): { ok: false; rejection: readonly Refusal[] } {
  return {
    ok: false,
    rejection: [
      {
        code: 'VERSION_MISMATCH',
        message: `This was changed meanwhile; it is at version ${current} now.`,
        field: ['expectedVersion'],
        details: { currentVersion: current },
      },
    ],
  };
}
