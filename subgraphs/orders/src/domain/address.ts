/** A postal address as it was when it was given: orders keep this copy, whatever the buyer edits later. */
export interface Address {
  name: string | null;
  company: string | null;
  line1: string;
  line2: string | null;
  city: string;
  region: string | null;
  postalCode: string | null;
  countryCode: string;
  phone: string | null;
}

/** The longest text of one part; nothing a letter carrier can read is longer. */
const MAX_PART_LENGTH = 200;

/** The name of the first part that cannot be on a parcel, or undefined. */
export function badAddressPart(address: Address): string | undefined {
  const required: (keyof Address)[] = ['line1', 'city'];
  return (
    required.find((part) => (address[part] ?? '').trim() === '') ??
    (Object.keys(address) as (keyof Address)[]).find((part) => (address[part] ?? '').length > MAX_PART_LENGTH)
  );
}
