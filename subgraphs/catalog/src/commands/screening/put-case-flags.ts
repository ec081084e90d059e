import assert from 'node:assert';
import {
  type CaseState,
  type Flag,
  isSameFlags,
  openCase,
  putFlags,
  unansweredFlags,
} from '../../domain/moderation-case.ts';
import { findLastCases, saveCase } from '../../store/cases.ts';
import { type CommandDeps, inCommand } from '../command-deps.ts';

/**
 * Makes the case of a product or vendor say what the screening has found now:
 * opens one, changes it, or closes it when nothing is left. What a moderator
 * has answered is not asked again. `last` is its newest case as it was read a moment ago.
 */
export async function putCaseFlags(
  deps: CommandDeps,
  { flags, ...about }: Pick<CaseState, 'subject' | 'subjectId' | 'vendorId'> & { flags: readonly Flag[] },
  last: CaseState | undefined,
): Promise<void> {
  const { store, ids, clock } = deps;
  const decide = (found: CaseState | undefined): CaseState | undefined => {
    const now = clock.now();
    const asked = unansweredFlags(flags, found ?? null);
    if (found?.isOpen) return isSameFlags(found.flags, asked) ? undefined : putFlags(found, asked, now);
    return asked.length > 0 ? putFlags(openCase({ id: ids.next('cas'), ...about, now }), asked, now) : undefined;
  };
  // Nearly always there is nothing to do, and then no transaction either.
  if (!decide(last)) return;
  await inCommand(deps, {}, async ({ transaction: { session } }) => {
    const next = decide((await findLastCases(store, [about.subjectId], session)).get(about.subjectId));
    if (next) assert(await saveCase(store, next, session), 'a transaction sees the version it read');
  });
}
