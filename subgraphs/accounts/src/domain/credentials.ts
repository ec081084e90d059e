import { accept, reject, type Result } from '@marketgraph/platform/core';

export interface Email {
  /** As the user writes it. */
  shown: string;
  /** What makes it unique: the same address in another case or width is the same account. */
  key: string;
}

const MAX_EMAIL_LENGTH = 254;
const MIN_PASSWORD_LENGTH = 8;
const MAX_PASSWORD_LENGTH = 128;
/** One @, no spaces, a dot in the domain. Whether mail arrives only a mail can tell. */
const EMAIL = /^[^\s@"(),:;<>[\]\\]{1,64}@[^\s@"(),:;<>[\]\\.]+(\.[^\s@"(),:;<>[\]\\.]+)+$/u;
/** Control and format characters, NUL among them, lone surrogates and odd spaces: what nobody sees nobody can type again. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

export function isVisibleText(text: string): boolean {
  return !INVISIBLE.test(text);
}

export function readEmail(text: string): Result<Email> {
  const shown = text.length <= 4 * MAX_EMAIL_LENGTH ? text.trim().normalize('NFKC') : '';
  if (shown.length > MAX_EMAIL_LENGTH || !isVisibleText(text.trim()) || !EMAIL.test(shown)) {
    return reject('INVALID', 'This is not an e-mail address.', { field: ['email'] });
  }
  return accept({ shown, key: shown.toLowerCase() });
}

/** Never cut short: every character counts. Normalised, so that two keyboards give the same password. */
export function readPassword(text: string): Result<string> {
  const password = text.length <= 4 * MAX_PASSWORD_LENGTH ? text.normalize('NFKC') : text;
  const length = [...password].length;
  if (length < MIN_PASSWORD_LENGTH || length > MAX_PASSWORD_LENGTH) {
    const range = `${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH}`;
    return reject('INVALID', `A password has ${range} characters.`, { field: ['password'] });
  }
  if (!isVisibleText(password)) {
    return reject('INVALID', 'A password has no invisible characters.', { field: ['password'] });
  }
  return accept(password);
}

/** A name or line of text as people type it: trimmed, visible, not longer than `max`. */
export function readText(text: string, field: string[], max: number): Result<string> {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > max || !isVisibleText(trimmed)) {
    return reject('INVALID', `${field.at(-1)} has 1 to ${max} visible characters.`, { field });
  }
  return accept(trimmed);
}
