/** One language's words. The first of a list is the source language: what everything else falls back to. */
export interface Localized {
  language: string;
}

/**
 * The fallback rule: the very tag (`pt-BR`), else the same language (`pt`,
 * then any other `pt-…`), else the source language.
 */
export function inLanguage<T extends Localized>(texts: readonly T[], wanted: string | null | undefined): T {
  const source = texts[0];
  if (!source) throw new RangeError('A text needs its source language.');
  if (!wanted) return source;
  const tag = wanted.toLowerCase();
  const primary = tag.split('-', 1)[0]!;
  return (
    texts.find((text) => text.language.toLowerCase() === tag) ??
    texts.find((text) => text.language.toLowerCase() === primary) ??
    texts.find((text) => text.language.toLowerCase().startsWith(`${primary}-`)) ??
    source
  );
}

/** Later translations replace those of the same language; the source stays first. */
export function withTranslations<T extends Localized>(texts: readonly T[], more: readonly T[]): T[] {
  const merged = [...texts];
  for (const text of more) {
    const at = merged.findIndex((known) => known.language.toLowerCase() === text.language.toLowerCase());
    if (at < 0) merged.push(text);
    else merged[at] = text;
  }
  return merged;
}
