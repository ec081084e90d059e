import { type BSONRegExp } from 'bson';
import { CommandError, refuse } from '../errors.ts';

/** Patterns longer than this are refused, as the server does. */
const MAX_PATTERN = 32_764;

/**
 * A stored or queried regular expression as one JavaScript can run. `x` (free spacing) has no JavaScript
 * counterpart; `l` and `u` have no effect on the UTF-8 strings of BSON.
 */
export function toRegExp(pattern: string, options: string): RegExp {
  if (pattern.length > MAX_PATTERN) throw new CommandError('BadValue', 'Regular expression is too long');
  let flags = 'u';
  for (const option of new Set(options)) {
    if (option === 'i' || option === 'm' || option === 's') flags += option;
    else if (option === 'x') throw refuse("the regular expression option 'x'", 'BadValue');
    else if (option !== 'u' && option !== 'l') {
      throw new CommandError('BadValue', `invalid flag in regex options: ${option}`);
    }
  }
  try {
    return new RegExp(pattern, flags);
  } catch {
    return withoutUnicodeMode(pattern, flags.replace('u', ''));
  }
}

export function compileRegex(regex: BSONRegExp): RegExp {
  return toRegExp(regex.pattern, regex.options);
}

/** Unicode mode refuses harmless escapes such as `\-` that PCRE allows. */
function withoutUnicodeMode(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (cause) {
    throw new CommandError('Location51108', `Regular expression is invalid: ${(cause as Error).message}`, { cause });
  }
}
