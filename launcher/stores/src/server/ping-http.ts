const PING_TIMEOUT_MS = 3000;

/** Rejects when the address does not answer with a success soon. */
export async function pingHttp(url: string, headers: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}`);
}
