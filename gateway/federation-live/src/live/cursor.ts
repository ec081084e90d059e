import { createHmac, timingSafeEqual } from 'node:crypto';
import { isPosition } from './position.ts';

/** What a cursor belongs to: it is worth nothing anywhere else. */
export interface CursorScope {
  field: string;
  topics: readonly string[];
  subject: string;
}

export interface CursorCodec {
  write(position: string, scope: CursorScope): string;
  /** The position, or null when the text was not written here for this scope. */
  read(cursor: string, scope: CursorScope): string | null;
}

/** A cursor is far shorter; longer text is not looked at. */
const MAX_LENGTH = 128;
const MAC_BYTES = 16;

/** Cursors are positions with a seal, so that a client can neither invent one nor carry one to another stream. */
export function cursorCodec(secret: string): CursorCodec {
  const seal = (position: string, { field, topics, subject }: CursorScope): Buffer =>
    createHmac('sha256', secret)
      .update(JSON.stringify([1, position, field, topics.toSorted(), subject]))
      .digest()
      .subarray(0, MAC_BYTES);
  return {
    write: (position, scope) =>
      `${Buffer.from(position).toString('base64url')}.${seal(position, scope).toString('base64url')}`,
    read(cursor, scope) {
      if (cursor.length > MAX_LENGTH) return null;
      const [place, mac, more] = cursor.split('.');
      if (!place || !mac || more !== undefined) return null;
      const position = Buffer.from(place, 'base64url').toString('latin1');
      if (!isPosition(position)) return null;
      const given = Buffer.from(mac, 'base64url');
      const expected = seal(position, scope);
      return given.length === expected.length && timingSafeEqual(given, expected) ? position : null;
    },
  };
}
