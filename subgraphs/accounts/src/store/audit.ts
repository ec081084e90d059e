import { type EntityManager, hashOf } from '@marketgraph/platform/postgres';

export interface AuditRow {
  sequence: number;
  id: string;
  actorId: string | null;
  action: string;
  subjectId: string;
  before: unknown;
  after: unknown;
  at: Date | string;
  requestId: string | null;
  hash: string;
  previousHash: string | null;
}

export interface AuditFact {
  /** Null: the system itself. */
  actorId: string | null;
  action: string;
  subjectId: string;
  before?: unknown;
  after?: unknown;
  requestId: string | null;
}

const COLUMNS = `sequence::int as sequence, id, actor_id as "actorId", action, subject_id as "subjectId", before, after,
  at, request_id as "requestId", hash, previous_hash as "previousHash"`;

/**
 * Writes one entry behind the last. Entries of all commands are one chain, so
 * its end is locked until the transaction is over; a command therefore writes
 * here last, when it holds all other locks it needs.
 */
export async function appendAudit(
  em: EntityManager,
  fact: AuditFact,
  { id, now }: { id: string; now: Date },
): Promise<void> {
  await em.execute("select pg_advisory_xact_lock(hashtext('audit log'))");
  const [last] = await em.execute<{ sequence: number; hash: string }[]>(
    'select sequence::int as sequence, hash from audit_log order by sequence desc limit 1',
  );
  const entry = {
    sequence: (last?.sequence ?? 0) + 1,
    id,
    actorId: fact.actorId,
    action: fact.action,
    subjectId: fact.subjectId,
    before: fact.before ?? null,
    after: fact.after ?? null,
    at: now.toISOString(),
    requestId: fact.requestId,
    previousHash: last?.hash ?? null,
  };
  await em.execute(
    `insert into audit_log (sequence, id, actor_id, action, subject_id, before, after, at, request_id, previous_hash, hash)
     values (?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, ?)`,
    [
      entry.sequence,
      entry.id,
      entry.actorId,
      entry.action,
      entry.subjectId,
      JSON.stringify(entry.before),
      JSON.stringify(entry.after),
      entry.at,
      entry.requestId,
      entry.previousHash,
      hashOf(entry),
    ],
  );
}

export type AuditVerdict = { intact: true; entries: number } | { intact: false; brokenAt: number };

const VERIFY_PAGE = 1_000;

/**
 * Reads the whole chain. Finds an entry that was changed, taken out of the
 * middle or put in; that the newest ones were cut off shows only against a
 * count kept elsewhere, which is why it answers how many there are.
 */
export async function verifyAuditChain(em: EntityManager): Promise<AuditVerdict> {
  let previous: { sequence: number; hash: string | null } = { sequence: 0, hash: null };
  for (;;) {
    const rows = await em.execute<AuditRow[]>(
      `select ${COLUMNS} from audit_log where sequence > ? order by sequence limit ?`,
      [previous.sequence, VERIFY_PAGE],
    );
    for (const { hash, ...row } of rows) {
      const isNext = row.sequence === previous.sequence + 1 && row.previousHash === previous.hash;
      if (!isNext || hashOf({ ...row, at: new Date(row.at).toISOString() }) !== hash) {
        return { intact: false, brokenAt: previous.sequence + 1 };
      }
      previous = { sequence: row.sequence, hash };
    }
    if (rows.length < VERIFY_PAGE) return { intact: true, entries: previous.sequence };
  }
}

export interface AuditPage {
  subjectId?: string | null;
  actorId?: string | null;
  action?: string | null;
  from?: Date | null;
  to?: Date | null;
  /** Entries before this one. */
  before: number | null;
  limit: number;
}

/** Newest first. By `audit_log_subject`, `audit_log_actor` or `audit_log_action` when the filter names one, else by the key. */
export async function auditPage(em: EntityManager, page: AuditPage): Promise<AuditRow[]> {
  const conditions: [string, unknown][] = [];
  if (page.subjectId) conditions.push(['subject_id = ?', page.subjectId]);
  if (page.actorId) conditions.push(['actor_id = ?', page.actorId]);
  if (page.action) conditions.push(['action = ?', page.action]);
  if (page.from) conditions.push(['at >= ?', page.from.toISOString()]);
  if (page.to) conditions.push(['at < ?', page.to.toISOString()]);
  if (page.before !== null) conditions.push(['sequence < ?', page.before]);
  const where = conditions.length > 0 ? `where ${conditions.map(([sql]) => sql).join(' and ')}` : '';
  return em.execute<AuditRow[]>(`select ${COLUMNS} from audit_log ${where} order by audit_log.sequence desc limit ?`, [
    ...conditions.map(([, param]) => param),
    page.limit,
  ]);
}

export async function findAuditEntries(em: EntityManager, ids: readonly string[]): Promise<AuditRow[]> {
  if (ids.length === 0) return [];
  return em.execute<AuditRow[]>(`select ${COLUMNS} from audit_log where id in (?)`, [[...ids]]);
}
