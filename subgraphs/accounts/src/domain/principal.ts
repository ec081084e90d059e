/** What a user may be: granted to the account itself, or by the organizations it belongs to. */
export interface Principal {
  roles: string[];
  /** A seat in a seller's organization is a seat at its vendor too. */
  memberships: { of: string; role: string }[];
}

export interface Seat {
  organizationId: string;
  role: string;
  vendorId: string | null;
}

export function principalFrom(granted: readonly string[], seats: readonly Seat[]): Principal {
  return {
    roles: [...new Set([...granted, ...seats.map(({ role }) => role)])],
    memberships: seats.flatMap(({ organizationId, role, vendorId }) => [
      { of: organizationId, role },
      ...(vendorId === null ? [] : [{ of: vendorId, role }]),
    ]),
  };
}
