/**
 * Typesense's default tokenizer for Latin text: words are separated by white space (and by `token_separators`), and
 * every other character that is neither letter, digit nor one of `symbols_to_index` is dropped, so `wi-fi` is the one
 * word `wifi`. Letters are lower-cased and lose their diacritics.
 */
export type TokenRules = { separators: ReadonlySet<string>; symbols: ReadonlySet<string> };

export type TokenSpan = { token: string; start: number; end: number };

export const DEFAULT_RULES: TokenRules = { separators: new Set(), symbols: new Set() };

// A longer run of letters is data, not a word; the cut keeps the vocabulary and the typo search bounded.
const MAX_TOKEN_LENGTH = 100;

// NFKD does not take these apart.
const LIGATURES: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ð: 'd',
  þ: 'th',
};

// A kept symbol is stored as a letter no product text contains. SQLite's `ascii` tokenizer breaks at ASCII
// punctuation and nowhere else, so this is what lets `c++` stay one word.
const SYMBOL_BASE = 0x1400;

const WORD = /[\p{L}\p{N}]/u;
const MARKS = /\p{M}+/gu;
const WHITE_SPACE = /\s/u;

export function toTokens(text: string, rules: TokenRules): string[] {
  return toSpans(text, rules).map((span) => span.token);
}

/** In characters, of texts whose words are remembered; each takes some ten times as much. */
const KEPT_CHARACTERS = 400_000;

/** The words of texts that are looked at again and again, as those of the hits of searches are. Nobody changes them. */
export function keptSpans(rules: TokenRules, limit = KEPT_CHARACTERS): (text: string) => readonly TokenSpan[] {
  let recent = new Map<string, readonly TokenSpan[]>();
  let earlier = recent;
  let characters = 0;
  return (text) => {
    const known = recent.get(text);
    if (known) return known;
    const spans = earlier.get(text) ?? toSpans(text, rules);
    characters += text.length;
    if (characters > limit / 2) {
      [earlier, recent] = [recent, new Map()];
      characters = text.length;
    }
    if (text.length <= limit / 2) recent.set(text, spans);
    return spans;
  };
}

export function toSpans(text: string, rules: TokenRules): TokenSpan[] {
  const spans: TokenSpan[] = [];
  let token = '';
  let start = 0;
  let end = 0;
  const finish = (): void => {
    if (token !== '') spans.push({ token: token.slice(0, MAX_TOKEN_LENGTH), start, end });
    token = '';
  };
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at) ?? 0;
    const char = String.fromCodePoint(code);
    const next = at + char.length;
    const folded = fold(code, char, rules);
    if (folded === undefined) finish();
    else if (folded !== '') {
      if (token === '') start = at;
      token += folded;
      end = next;
    }
    at = next;
  }
  finish();
  return spans;
}

/** The form of one character inside a word: '' when it is dropped, undefined when it ends the word. */
function fold(code: number, char: string, rules: TokenRules): string | undefined {
  if (code < 128) {
    if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) return char;
    if (code >= 65 && code <= 90) return String.fromCharCode(code + 32);
    if (rules.separators.has(char) || code === 32 || (code >= 9 && code <= 13)) return undefined;
    return rules.symbols.has(char) ? String.fromCodePoint(SYMBOL_BASE + code) : '';
  }
  if (WHITE_SPACE.test(char)) return undefined;
  let folded = '';
  for (const part of char.normalize('NFKD').replace(MARKS, '').toLowerCase()) {
    if (WORD.test(part)) folded += LIGATURES[part] ?? part;
  }
  return folded;
}
