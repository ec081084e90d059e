import type { StoryGraph } from '../story/cast.ts';

/** What goes wrong with requests, or with what the provider tells of itself: the stand-in's own words for it. */
type Accident =
  | { kind: string; match: { method: string; path: string }; times?: number; ms?: number }
  | { webhooks: { match?: { type: string }; times: number; duplicate?: number; reorder?: boolean } };

/** One scripted accident at the provider. Works on the stand-in alone, which is what these tests run on. */
export async function atTheProvider(graph: StoryGraph, fault: Accident): Promise<void> {
  const response = await fetch(`${graph.stripe.apiUrl}/_emulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  if (!response.ok) throw new Error(`The fault was refused: ${await response.text()}`);
}

/** Whether one has not happened yet. */
export async function hasFaults(graph: StoryGraph): Promise<boolean> {
  const response = await fetch(`${graph.stripe.apiUrl}/_emulator/faults`);
  const { requests } = (await response.json()) as { requests: unknown[] };
  return requests.length > 0;
}

export async function noMoreFaults(graph: StoryGraph): Promise<void> {
  await fetch(`${graph.stripe.apiUrl}/_emulator/faults`, { method: 'DELETE' });
}
