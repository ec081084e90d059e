import { hashOf } from '@marketgraph/platform/postgres';
import { finding, type Invariant } from '../invariant.ts';

interface Entry {
  sequence: number;
  id: string;
  actorId: string | null;
  action: string;
  subjectId: string;
  before: unknown;
  after: unknown;
  at: Date;
  requestId: string | null;
  hash: string;
  previousHash: string | null;
}

const PAGE = 1_000;

const chain: Invariant = {
  id: 'I15',
  title: 'the chain of the audit log is whole',
  async check({ rows }) {
    let previous: { sequence: number; hash: string | null } = { sequence: 0, hash: null };
    for (;;) {
      const entries = await rows<Entry>(
        'accounts',
        `select sequence::int as sequence, id, actor_id as "actorId", action, subject_id as "subjectId", before, after, at,
                request_id as "requestId", hash, previous_hash as "previousHash"
           from audit_log where sequence > $1 order by sequence limit $2`,
        [previous.sequence, PAGE],
      );
      for (const { hash, ...entry } of entries) {
        const isNext = entry.sequence === previous.sequence + 1 && entry.previousHash === previous.hash;
        if (!isNext || hashOf({ ...entry, at: entry.at.toISOString() }) !== hash) {
          return finding(previous.sequence + 1, [`entry ${previous.sequence + 1} is not the one that was written`]);
        }
        previous = { sequence: entry.sequence, hash };
      }
      if (entries.length < PAGE) return finding(previous.sequence, []);
    }
  },
};

export const auditInvariants: readonly Invariant[] = [chain];
