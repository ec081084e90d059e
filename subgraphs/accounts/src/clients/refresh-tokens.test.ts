import { describe, expect, it } from 'vitest';
import { hashRefreshToken, isRefreshToken, newRefreshToken, openSuccessor, sealSuccessor } from './refresh-tokens.ts';

describe('a refresh token', () => {
  it('has 256 bits and is never the same', () => {
    const tokens = Array.from({ length: 100 }, newRefreshToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) {
      expect(Buffer.from(token, 'base64url')).toHaveLength(32);
      expect(isRefreshToken(token)).toBe(true);
    }
  });

  it('opens its own successor, and no other token does', () => {
    const [token, successor, other] = [newRefreshToken(), newRefreshToken(), newRefreshToken()];
    const sealed = sealSuccessor(successor, token);
    expect(openSuccessor(sealed, token)).toBe(successor);
    expect(() => openSuccessor(sealed, other)).toThrow(/authenticate/);
    // What the database knows of the token does not open it either.
    expect(() => openSuccessor(sealed, hashRefreshToken(token))).toThrow(/authenticate/);
    expect(sealed).not.toContain(successor);
  });

  it.each(['', 'short', `${newRefreshToken()}x`, 'a'.repeat(100_000), `${'a'.repeat(42)}\0`])('is not %j', (text) => {
    expect(isRefreshToken(text)).toBe(false);
  });
});
