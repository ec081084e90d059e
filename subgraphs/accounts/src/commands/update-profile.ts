import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { isVisibleText, readText } from '../domain/credentials.ts';
import { personalizationChanged } from '../events/out.ts';
import { lockUser, nextEventSequence, saveProfile, type UserRow } from '../store/users.ts';
import type { Cause, CommandDeps } from './deps.ts';
import { MAX_DISPLAY_NAME } from './register.ts';

export interface UpdateProfile {
  userId: string;
  /** Each: undefined leaves it, null takes it away. */
  displayName?: string | null;
  locale?: string | null;
  /** Replaced as a whole. */
  preferences?: unknown;
  /** Null leaves it too. */
  isPersonalized?: boolean | null;
}

/** Enough for the settings of a client, too little for a store of its own. */
const MAX_PREFERENCES_BYTES = 16_384;

export async function updateProfile(
  { orm, ids, clock }: Pick<CommandDeps, 'orm' | 'ids' | 'clock'>,
  { userId, trace, ...command }: UpdateProfile & Pick<Cause, 'trace'>,
): Promise<Result<UserRow>> {
  const displayName =
    command.displayName == null
      ? accept(command.displayName)
      : readText(command.displayName, ['displayName'], MAX_DISPLAY_NAME);
  if (!displayName.ok) return displayName;
  const preferences = readPreferences(command.preferences);
  if (!preferences.ok) return preferences;
  return inTransaction(orm, async (em): Promise<Result<UserRow>> => {
    const user = await lockUser(em, userId);
    if (!user) return reject('NOT_FOUND', 'There is no such account.');
    const saved = await saveProfile(em, {
      id: user.id,
      displayName: displayName.value === undefined ? user.displayName : displayName.value,
      locale: command.locale === undefined ? user.locale : command.locale,
      preferences: preferences.value ?? user.preferences,
      isPersonalized: command.isPersonalized ?? user.isPersonalized,
    });
    if (saved.isPersonalized !== user.isPersonalized) {
      const sequence = await nextEventSequence(em, user.id);
      await appendToOutbox(em, [personalizationChanged({ userId, isPersonalized: saved.isPersonalized }, sequence)], {
        ids,
        now: clock.now(),
        trace,
      });
    }
    return accept(saved);
  });
}

function readPreferences(value: unknown): Result<Record<string, unknown> | undefined> {
  if (value === undefined) return accept(undefined);
  if (value === null) return accept({});
  const field = ['preferences'];
  if (typeof value !== 'object' || Array.isArray(value)) {
    return reject('INVALID', 'Preferences are a JSON object.', { field });
  }
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_PREFERENCES_BYTES) {
    return reject('LIMIT_EXCEEDED', `Preferences have at most ${MAX_PREFERENCES_BYTES} bytes.`, { field });
  }
  // PostgreSQL stores no NUL in a jsonb.
  return isVisibleText(text) && !text.includes(String.raw`\u0000`)
    ? accept(value as Record<string, unknown>)
    : reject('INVALID', 'Preferences have no invisible characters.', { field });
}
