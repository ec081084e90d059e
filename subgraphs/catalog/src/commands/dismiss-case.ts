import assert from 'node:assert';
import { accept } from '@marketgraph/platform/core';
import { type CaseState, MAX_NOTE } from '../domain/moderation-case.ts';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { checkedText } from '../domain/text.ts';
import { findCase } from '../store/cases.ts';
import { closeCaseOf } from './close-case.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

/** Nothing is wrong here. The caller has made sure that a moderator says so. */
export async function dismissCase(
  deps: CommandDeps,
  { moderator, id, note }: { moderator: { userId: string; trace?: string }; id: string; note?: string | null },
): Promise<Outcome<CaseState>> {
  const text = checkedText(note ?? '', { max: MAX_NOTE, min: 0, field: ['note'], what: 'The note' });
  if (!text.ok) return text;
  return inCommand<Outcome<CaseState>>(deps, moderator, async ({ transaction: { session } }) => {
    const found = await findCase(deps.store, id, session);
    if (!found) return refuse('NOT_FOUND', 'No such case.', ['id']);
    if (!found.isOpen) return refuse('ILLEGAL_TRANSITION', 'This case is decided already.', ['id']);
    const verdict = {
      decision: 'DISMISSED',
      note: text.value || null,
      by: moderator.userId,
      now: deps.clock.now(),
    } as const;
    const closed = await closeCaseOf(deps.store, found.subjectId, verdict, session);
    assert(closed?.id === id, 'one case of a subject is open');
    return accept(closed);
  });
}
