/** Then there is nothing to decompose, and letters and digits are few: a text is folded in a third of the time. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
