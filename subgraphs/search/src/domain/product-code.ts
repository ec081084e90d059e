/** Letters and digits alone, in small letters: people leave out, or add, what is between them. A GTIN-12 is a GTIN-13 with a zero before it. */
export function compactCode(code: string): string {
  const compact = code.toLowerCase().replaceAll(/[\s._/#+-]+/g, '');
  return /^\d+$/.test(compact) ? compact.replace(/^0+/, '') : compact;
}

const MIN_CODE = 4;
/** As long as a sku may be. */
const MAX_CODE = 64;
const GTIN_LENGTHS = { min: 8, max: 14 };

/** What somebody asked for when it can be the code of an article: one word that has a digit, or digits in groups. */
export interface AskedCode {
  /** As `compactCode` writes it. */
  code: string;
  /** It has the form of a GTIN: nobody types so many digits and means a word. */
  isGtin: boolean;
}

/** Null for what is no code, as most queries are. */
export function askedCode(query: string): AskedCode | null {
  const text = query.trim();
  if (text.length > MAX_CODE || !/^[a-z0-9][a-z0-9._/#+-]*$|^\d[\d -]+$/i.test(text) || !/\d/.test(text)) return null;
  const code = compactCode(text);
  const digits = text.replaceAll(/[\s-]+/g, '');
  const isGtin = /^\d+$/.test(digits) && digits.length >= GTIN_LENGTHS.min && digits.length <= GTIN_LENGTHS.max;
  return code.length >= MIN_CODE ? { code, isGtin } : null;
}
