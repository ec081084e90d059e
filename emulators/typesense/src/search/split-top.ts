/** Splits at a character wherever it stands outside brackets and backticks; the pieces are trimmed. */
export function splitTop(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '`') quoted = !quoted;
    if (quoted) continue;
    if (char === '(' || char === '[') depth += 1;
    else if (char === ')' || char === ']') depth -= 1;
    else if (char === separator && depth === 0) {
      pieces.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  pieces.push(text.slice(from).trim());
  return pieces.length === 1 && pieces[0] === '' ? [] : pieces;
}
