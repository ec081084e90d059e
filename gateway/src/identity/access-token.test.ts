import { importJWK, type CryptoKey } from 'jose';
import { describe, expect, it } from 'vitest';
import { testSigner } from '../../test/support/tokens.ts';
import { accessTokenVerifier } from './access-token.ts';

const signer = await testSigner();
const key = (await importJWK(signer.publicJwk, 'EdDSA')) as CryptoKey;

const issuedAtS = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { iat: number }).iat;

/**
 * Whether a token of `lifetimeS` is taken for good by a gateway whose clock says this many seconds after it was signed:
 * by one that has never seen it, and by one that has verified it when it was new.
 */
async function isAccepted(afterS: number, lifetimeS = 900): Promise<boolean> {
  const token = await signer.token({ lifetimeS });
  let sinceS = 0;
  const clock = { now: () => new Date((issuedAtS(token) + sinceS) * 1_000) };
  const keys = { find: async () => key };
  const knowing = accessTokenVerifier(keys, clock);
  expect(await knowing(token)).not.toBeNull();
  sinceS = afterS;
  const isAccepted = (await accessTokenVerifier(keys, clock)(token)) !== null;
  expect((await knowing(token)) !== null).toBe(isAccepted);
  return isAccepted;
}

describe('R23 a gateway whose clock is not that of accounts', () => {
  it.each([
    ['as accounts', 0, true],
    ['half a minute behind', -30, true],
    ['more than that behind', -32, false],
    ['a day behind', -86_400, false],
    ['at the end of the token', 900, true],
    ['29 s behind its end', 929, true],
    ['31 s behind its end', 931, false],
    ['a day ahead', 86_400, false],
  ])('%s: %i s after the token was made it is accepted: %s', async (_name, afterS, accepted) => {
    expect(await isAccepted(afterS)).toBe(accepted);
  });

  it('never accepts a token for longer than accounts lets any live, whatever it says', async () => {
    expect(await isAccepted(600, 86_400)).toBe(true);
    expect(await isAccepted(931, 86_400)).toBe(false);
  });

  it('accepts a short one no longer than its own end and the leeway', async () => {
    expect(await isAccepted(89, 60)).toBe(true);
    expect(await isAccepted(91, 60)).toBe(false);
  });
});

describe('a gateway that has verified a token', () => {
  const clock = { now: () => new Date() };

  it('takes it as it was the first time, and no other that only begins like it', async () => {
    const token = await signer.token();
    const verify = accessTokenVerifier({ find: async () => key }, clock);
    const first = await verify(token);
    expect(await verify(token)).toEqual(first);
    expect(first).not.toBeNull();
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const other = Buffer.from(signature, 'base64url');
    other[10]! ^= 1;
    expect(await verify(`${header}.${payload}.${other.toString('base64url')}`)).toBeNull();
    expect(await verify(token)).toEqual(first);
  });

  it('refuses it once accounts has taken its key back, or has another one of that name', async () => {
    const token = await signer.token();
    const anotherKey = (await importJWK((await testSigner()).publicJwk, 'EdDSA')) as CryptoKey;
    let current: CryptoKey | undefined = key;
    const verify = accessTokenVerifier({ find: async () => current }, clock);
    expect(await verify(token)).not.toBeNull();
    current = undefined;
    expect(await verify(token)).toBeNull();
    current = anotherKey;
    expect(await verify(token)).toBeNull();
    current = key;
    expect(await verify(token)).not.toBeNull();
  });
});
