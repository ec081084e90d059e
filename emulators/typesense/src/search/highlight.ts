import type { StoredDocument } from '../schema/document.ts';
import { isString } from '../schema/field.ts';
import type { SearchIndex } from '../store/search-index.ts';
import type { TokenSpan } from '../text/tokens.ts';
import { type Mark, markSpan, renderMarks } from './marks.ts';
import type { SearchParameters } from './parameters.ts';
import type { QueryField } from './query-fields.ts';

export type UsedWords = { exact: ReadonlySet<string>; prefixes: ReadonlySet<string> };

export type FieldHighlight = { matched_tokens: string[]; snippet: string; value?: string };

export type Highlights = {
  /** The older structure: a list, arrays reduced to their matching elements. */
  list: object[];
  /** The newer one: by field, arrays complete. */
  byField: Record<string, FieldHighlight | FieldHighlight[]>;
  matchedFields: number;
};

type WordMark = Mark & { at: number };

export function highlight(input: {
  document: StoredDocument;
  index: SearchIndex;
  parameters: SearchParameters;
  fields: readonly QueryField[];
  words: UsedWords;
}): Highlights {
  const { document, parameters } = input;
  const result: Highlights = { list: [], byField: {}, matchedFields: 0 };
  const queried = input.fields.map((field) => field.name);
  const snippets = parameters.highlightFields ?? queried;
  for (const name of new Set([...snippets, ...parameters.highlightFullFields, ...queried])) {
    const field = input.index.schema.fields.find((candidate) => candidate.name === name);
    const value = document[name];
    if (field === undefined || !isString(field) || value === undefined) continue;
    const full = parameters.highlightFullFields.includes(name);
    const items = (Array.isArray(value) ? value : [value]) as string[];
    const marked = items.map((item) => markText(item, { ...input, full }));
    if (!marked.some((item) => item.matched_tokens.length > 0)) continue;
    if (queried.includes(name)) result.matchedFields += 1;
    if (!snippets.includes(name) && !full) continue;
    if (Array.isArray(value)) addArray(result, name, marked, full);
    else if (marked[0] !== undefined) {
      result.list.push({ field: name, ...marked[0] });
      result.byField[name] = marked[0];
    }
  }
  return result;
}

function addArray(result: Highlights, name: string, marked: FieldHighlight[], full: boolean): void {
  const indices = marked.flatMap((item, at) => (item.matched_tokens.length > 0 ? [at] : []));
  const hits = indices.flatMap((at) => marked[at] ?? []);
  result.list.push({
    field: name,
    indices,
    matched_tokens: hits.map((hit) => hit.matched_tokens),
    snippets: hits.map((hit) => hit.snippet),
    ...(full ? { values: hits.map((hit) => hit.value) } : {}),
  });
  result.byField[name] = marked;
}

function markText(
  text: string,
  input: { index: SearchIndex; parameters: SearchParameters; words: UsedWords; full: boolean },
): FieldHighlight {
  const spans = input.index.spansOf(text);
  const marks = spans.flatMap((span, at) => markOf(span, at, input.words));
  const range = snippetRange(text, spans, marks, input.parameters);
  return {
    matched_tokens: marks.map((mark) => text.slice(mark.start, mark.end)),
    snippet: renderMarks(text, marks, range, input.parameters),
    ...(input.full ? { value: renderMarks(text, marks, { start: 0, end: text.length }, input.parameters) } : {}),
  };
}

function markOf(span: TokenSpan, at: number, words: UsedWords): WordMark[] {
  if (words.exact.has(span.token)) return [{ start: span.start, end: span.end, at }];
  for (const prefix of words.prefixes) {
    if (span.token.startsWith(prefix)) return [{ ...markSpan(span, prefix), at }];
  }
  return [];
}

/** A short text is shown whole; of a long one the place with the most different matches, and some words around it. */
function snippetRange(
  text: string,
  spans: readonly TokenSpan[],
  marks: readonly WordMark[],
  parameters: SearchParameters,
): { start: number; end: number } {
  const whole = { start: 0, end: text.length };
  const firstMark = marks[0];
  if (spans.length <= parameters.snippetThreshold || firstMark === undefined) return whole;
  const reach = Math.max(1, parameters.affixTokens * 2);
  let best = { from: firstMark.at, to: firstMark.at, marks: 0 };
  for (const [first, mark] of marks.entries()) {
    const inReach = marks.slice(first, first + reach).filter((other) => other.at - mark.at < reach);
    const last = inReach.at(-1);
    if (last !== undefined && inReach.length > best.marks) best = { from: mark.at, to: last.at, marks: inReach.length };
  }
  const from = spans[Math.max(0, best.from - parameters.affixTokens)];
  const to = spans[Math.min(spans.length - 1, best.to + parameters.affixTokens)];
  return from === undefined || to === undefined ? whole : { start: from.start, end: to.end };
}
