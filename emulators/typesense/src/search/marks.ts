import type { TokenSpan } from '../text/tokens.ts';

export type Mark = { start: number; end: number };

/** The part of a word to mark: its beginning when `word` is one, otherwise (a correction, a whole match) all of it. */
export function markSpan(span: TokenSpan, word: string): Mark {
  // Where characters were dropped or unfolded the beginning cannot be told apart: the whole word is marked.
  const plain = span.end - span.start === span.token.length;
  const beginning = plain && span.token.startsWith(word);
  return { start: span.start, end: beginning ? span.start + word.length : span.end };
}

/** A stretch of the text with the marks inside it, which stand in order. */
export function renderMarks(
  text: string,
  marks: readonly Mark[],
  range: Mark,
  tags: { startTag: string; endTag: string },
): string {
  let rendered = '';
  let from = range.start;
  for (const mark of marks) {
    if (mark.start < from || mark.end > range.end) continue;
    rendered += `${text.slice(from, mark.start)}${tags.startTag}${text.slice(mark.start, mark.end)}${tags.endTag}`;
    from = mark.end;
  }
  return rendered + text.slice(from, range.end);
}
