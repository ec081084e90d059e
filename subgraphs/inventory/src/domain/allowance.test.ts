import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantOf, usedOf } from './allowance.ts';

describe('what is given of an allowance', () => {
  it.each([
    ['at first', { allowed: 10, granted: 0 }, { onHand: 0, reserved: 0 }, 10],
    ['when nothing changed', { allowed: 10, granted: 10 }, { onHand: 7, reserved: 2 }, 0],
    ['when it is raised', { allowed: 12, granted: 10 }, { onHand: 7, reserved: 2 }, 2],
    ['when it is lowered and enough is free', { allowed: 6, granted: 10 }, { onHand: 7, reserved: 2 }, -4],
    ['when it is lowered below what is held and used', { allowed: 2, granted: 10 }, { onHand: 7, reserved: 2 }, -5],
    ['when everything is held', { allowed: 0, granted: 10 }, { onHand: 10, reserved: 10 }, 0],
  ])('I15 is right %s', (_, allowance, level, delta) => {
    expect(grantOf(allowance, level)).toBe(delta);
  });

  it('I15 never takes what is held or used, never leaves more free than is allowed, and is right the first time', () => {
    const counts = fc.record({
      allowed: fc.nat(100),
      used: fc.nat(100),
      reserved: fc.nat(100),
      free: fc.nat(100),
    });
    fc.assert(
      fc.property(counts, ({ allowed, used, reserved, free }) => {
        const level = { onHand: reserved + free, reserved };
        const allowance = { allowed, granted: used + level.onHand };
        const delta = grantOf(allowance, level);
        const after = { onHand: level.onHand + delta, reserved };
        const given = { allowed, granted: allowance.granted + delta };
        expect(after.onHand).toBe(Math.max(allowed - used, reserved));
        expect(usedOf(given, after.onHand)).toBe(used);
        expect(grantOf(given, after)).toBe(0);
      }),
    );
  });
});
