import { createKeys } from './keys.ts';

/** Prints fresh keys as lines of an `.env` file, for a deployment that is not started by the launcher. */
const keys = await createKeys();
const lines = [
  ['CURSOR_SECRET', keys.cursorSecret],
  ['URL_SIGNING_SECRET', keys.urlSigningSecret],
  ['JWT_PRIVATE_KEYS', JSON.stringify(keys.accessTokens)],
  ['INTERNAL_TRUSTED_KEYS', JSON.stringify(keys.trusted)],
  ...Object.entries(keys.services).map(([service, key]) => [
    `${service.toUpperCase()}_SIGNING_KEY`,
    JSON.stringify(key),
  ]),
];
for (const [name, value] of lines) process.stdout.write(`${name}='${value}'\n`);
