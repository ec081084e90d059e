/**
 * Ids are a lower-case prefix that names the kind, an underscore and a ULID
 * (26 characters, sortable by creation time): `ord_01J9Z3NDEKTSV4RRFFQ69G5FAV`.
 * The same string identifies the entity in every subgraph.
 */
export interface Ids {
  next(prefix: string): string;
}

const ID_PATTERN = /^([a-z]{2,5})_[0-9A-HJKMNP-TV-Z]{26}$/;

/** The prefix of a well-formed id, or undefined for anything else. */
export function idPrefix(id: string): string | undefined {
  return ID_PATTERN.exec(id)?.[1];
}

export function isId(id: unknown, prefix: string): id is string {
  return typeof id === 'string' && idPrefix(id) === prefix;
}
