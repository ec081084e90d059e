import { describe, expect, it } from 'vitest';
import { decideRefresh, GRACE_MS, type RefreshTokenState } from './refresh.ts';

const now = new Date('2026-01-01T12:00:00.000Z');
const before = (ms: number) => new Date(now.getTime() - ms);
const fresh: RefreshTokenState = {
  expiresAt: new Date('2026-02-01T00:00:00.000Z'),
  usedAt: null,
  isSuccessorUsed: false,
  isSessionRevoked: false,
};

describe('a refresh token', () => {
  it.each<[string, Partial<RefreshTokenState>, string]>([
    ['never used', {}, 'rotate'],
    ['used a moment ago', { usedAt: before(1) }, 'repeat'],
    ['used ten seconds ago', { usedAt: before(GRACE_MS) }, 'repeat'],
    ['used longer ago', { usedAt: before(GRACE_MS + 1) }, 'reuse'],
    ['used a moment ago, its successor too', { usedAt: before(1), isSuccessorUsed: true }, 'reuse'],
    ['used long ago, its successor too', { usedAt: before(86_400_000), isSuccessorUsed: true }, 'reuse'],
    ['expired just now', { expiresAt: now }, 'refuse'],
    ['expired and used', { expiresAt: before(1), usedAt: before(86_400_000) }, 'refuse'],
    ['of a session that ended', { isSessionRevoked: true }, 'refuse'],
    ['of a session that ended, used a moment ago', { isSessionRevoked: true, usedAt: before(1) }, 'refuse'],
  ])('that is %s', (_, state, decision) => {
    expect(decideRefresh({ ...fresh, ...state }, now)).toBe(decision);
  });
});
