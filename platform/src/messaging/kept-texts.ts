/** In characters, of what a process has written and not published yet; more than that is read from the store again. */
const KEEP_TEXTS = 4 * 1024 * 1024;

/**
 * Texts of events that were committed and wait to be published: they never change, so who has written them need not
 * read them. At most `limit` characters; of what another relay publishes the oldest go first.
 */
export function keptTexts(limit: number = KEEP_TEXTS) {
  const byId = new Map<string, readonly string[]>();
  let size = 0;
  const drop = (id: string): void => {
    const texts = byId.get(id);
    if (!texts) return;
    size -= sizeOf(texts);
    byId.delete(id);
  };
  return {
    ids: () => [...byId.keys()],
    isEmpty: () => byId.size === 0,
    of: (id: string) => byId.get(id),
    keep(entries: Iterable<readonly [id: string, texts: readonly string[]]>) {
      for (const [id, texts] of entries) {
        drop(id);
        byId.set(id, texts);
        size += sizeOf(texts);
      }
      for (const id of byId.keys()) {
        if (size <= limit) break;
        drop(id);
      }
    },
    forget(ids: readonly string[]) {
      for (const id of ids) drop(id);
    },
  };
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
