import { describe, expect, it, vi } from 'vitest';
import { type Argon2, boundedQueue, passwordHasher } from './password-hasher.ts';

function countedArgon2() {
  return {
    hash: vi.fn<Argon2['hash']>((password) => Promise.resolve(`hash of ${password}`)),
    verify: vi.fn<Argon2['verify']>((stored, password) => Promise.resolve(stored === `hash of ${password}`)),
  };
}

describe('verifying a password', () => {
  it('A1 costs an unknown account exactly what a known one costs, the first time and later', async () => {
    const costOf = async (
      stored: string | null,
      hasher: ReturnType<typeof passwordHasher>,
      argon2: ReturnType<typeof countedArgon2>,
    ) => {
      vi.clearAllMocks();
      const isRight = await hasher.verify(stored, 'wrong password');
      return { isRight, hashes: argon2.hash.mock.calls.length, verifications: argon2.verify.mock.calls.length };
    };
    const [one, other] = [countedArgon2(), countedArgon2()];
    const [oneHasher, otherHasher] = [passwordHasher(one), passwordHasher(other)];
    expect(await costOf(null, oneHasher, one)).toEqual(await costOf('hash of another', otherHasher, other));
    const later = { isRight: false, hashes: 0, verifications: 1 };
    expect(await costOf(null, oneHasher, one)).toEqual(later);
    expect(await costOf('hash of another', otherHasher, other)).toEqual(later);
  });

  it('never lets anybody in without a stored hash, not even with the password of nobody', async () => {
    const argon2 = countedArgon2();
    argon2.verify.mockResolvedValue(true);
    expect(await passwordHasher(argon2).verify(null, 'nobody has this password')).toBe(false);
  });

  it('recovers when making the decoy failed once', async () => {
    const argon2 = countedArgon2();
    argon2.hash.mockRejectedValueOnce(new Error('out of memory'));
    const hasher = passwordHasher(argon2);
    await expect(hasher.verify(null, 'password')).rejects.toThrow('out of memory');
    expect(await hasher.verify('hash of password', 'password')).toBe(true);
  });

  it('hashes with argon2id, 19 MiB and two passes', async () => {
    const hasher = passwordHasher();
    const stored = await hasher.hash('a good password');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hasher.verify(stored, 'a good password')).toBe(true);
    expect(await hasher.verify(stored, 'a good passworD')).toBe(false);
  });
});

describe('the queue for hashes', () => {
  it('runs two at once, the others in order, and refuses the one too many', async () => {
    const run = boundedQueue({ atOnce: 2, maxWaiting: 3 });
    const started: number[] = [];
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const works = gates.map((gate, index) =>
      run(() => {
        started.push(index);
        return gate.promise;
      }),
    );
    expect(started).toEqual([0, 1]);
    await expect(run(() => Promise.resolve())).rejects.toMatchObject({ extensions: { code: 'RATE_LIMITED' } });
    gates[1]!.resolve();
    await works[1];
    await vi.waitFor(() => expect(started).toEqual([0, 1, 2]));
    gates[0]!.reject(new Error('failed'));
    await expect(works[0]).rejects.toThrow('failed');
    await vi.waitFor(() => expect(started).toEqual([0, 1, 2, 3]));
    for (const gate of gates) gate.resolve();
    await Promise.all(works.slice(1));
    expect(started).toEqual([0, 1, 2, 3, 4]);
    // Every place is free again.
    expect(await Promise.all([run(() => Promise.resolve(1)), run(() => Promise.resolve(2))])).toEqual([1, 2]);
  });
});
