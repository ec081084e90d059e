import { importJWK, type CryptoKey } from 'jose';
import { describe, expect, it } from 'vitest';
import { testSigner } from '../../test/support/tokens.ts';
import { accessTokenVerifier } from './access-token.ts';

const signer = await testSigner();
const key = (await importJWK(signer.publicJwk, 'EdDSA')) as CryptoKey;

/** Whether a token of `lifetimeS` is taken for good by a gateway whose clock says this many seconds after it was signed. */
async function isAccepted(afterS: number, lifetimeS = 900): Promise<boolean> {
  const token = await signer.token({ lifetimeS });
  const issuedAtS = (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { iat: number }).iat;
  const clock = { now: () => new Date((issuedAtS + afterS) * 1_000) };
  return (await accessTokenVerifier({ find: async () => key }, clock)(token)) !== null;
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
