import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { apiScopes, hashApiKey } from '@marketgraph/schema/api-keys';
import { newApiKeySecret } from '../clients/api-key-secrets.ts';
import { readApiKeyTerms, vendorToActFor } from '../domain/api-key.ts';
import { apiKeyRevoked } from '../events/out.ts';
import { addApiKey, type ApiKeyRow, countApiKeysOfVendor, removeApiKey } from '../store/api-keys.ts';
import { appendAudit } from '../store/audit.ts';
import { lockVendor } from '../store/vendors.ts';
import type { Cause, CommandDeps } from './deps.ts';

/** One for each system a vendor has, and some to change over with. */
const MAX_KEYS = 20;

/** For longer than a gateway goes by what it knew of a key while it cannot ask: 15 minutes. */
const MARKED_FOR_S = 17 * 60;

export interface CreateApiKey {
  name: string;
  scopes: readonly string[];
  expiresAt?: Date | null;
  /** Null: the only one that is run. */
  vendorId?: string | null;
  /** The vendors the caller runs. */
  runs: readonly string[];
  cause: Cause;
}

/** Whoever has the secret acts for the vendor. It is told once: only its hash is kept. */
export async function createApiKey(
  { orm, ids, clock }: Pick<CommandDeps, 'orm' | 'ids' | 'clock'>,
  { runs, vendorId: named, cause, ...input }: CreateApiKey,
): Promise<Result<{ id: string; secret: string }>> {
  const now = clock.now();
  const terms = readApiKeyTerms(input, { known: apiScopes, now });
  if (!terms.ok) return terms;
  const chosen = vendorToActFor(runs, named);
  if (!chosen.ok) return chosen;
  const [vendorId, { name, scopes, expiresAt }] = [chosen.value, terms.value];
  const [id, secret] = [ids.next('key'), newApiKeySecret()];
  return inTransaction(orm, async (em): Promise<Result<{ id: string; secret: string }>> => {
    await lockVendor(em, vendorId);
    if ((await countApiKeysOfVendor(em, vendorId)) >= MAX_KEYS) {
      return reject('LIMIT_EXCEEDED', `A vendor has at most ${MAX_KEYS} API keys: revoke one that is not used.`);
    }
    await addApiKey(em, { id, vendorId, name, scopes, secretHash: hashApiKey(secret) }, { now, expiresAt });
    const after = { vendorId, name, scopes, expiresAt: expiresAt && expiresAt.toISOString() };
    const { actorId, requestId } = cause;
    await appendAudit(
      em,
      { actorId, action: 'apiKey.created', subjectId: id, after, requestId },
      { id: ids.next('aud'), now },
    );
    return accept({ id, secret });
  });
}

/** The key goes; what is left of it is in the audit log. Gateways are told by a mark, as of sessions, and by the event. */
export async function revokeApiKey(
  deps: CommandDeps,
  { id, runs, cause }: { id: string; runs: readonly string[]; cause: Cause },
): Promise<Result<ApiKeyRow>> {
  const { orm, ids, clock } = deps;
  const revoked = await inTransaction(orm, async (em): Promise<Result<ApiKeyRow>> => {
    const key = await removeApiKey(em, { id, vendorIds: runs });
    if (!key) return reject('NOT_FOUND', 'There is no such API key.', { field: ['id'] });
    const { vendorId, name, scopes } = key;
    const now = clock.now();
    await appendToOutbox(em, [apiKeyRevoked({ apiKeyId: id, vendorId })], { ids, now, trace: cause.trace });
    const { actorId, requestId } = cause;
    await appendAudit(
      em,
      { actorId, action: 'apiKey.revoked', subjectId: id, before: { vendorId, name, scopes }, requestId },
      { id: ids.next('aud'), now },
    );
    return accept(key);
  });
  if (revoked.ok) await deps.revocations.add(id, MARKED_FOR_S);
  return revoked;
}
