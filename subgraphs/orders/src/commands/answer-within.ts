import type { Services } from './services.ts';

export type Outcome<T> = { done: true; value: T } | { done: false; error?: unknown };

/**
 * Waits for work as long as a client is made to wait. What takes longer goes on
 * in the background: a slow provider never holds an answer back.
 */
export async function answerWithin<T>(
  { settings, background }: Pick<Services, 'settings' | 'background'>,
  work: Promise<T>,
  what: string,
  { extraMs = 0 }: { extraMs?: number } = {},
): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), settings.answerWithinMs + extraMs);
  });
  try {
    const first = await Promise.race([work.then((value) => ({ done: true as const, value })), late]);
    if (first !== 'late') return first;
    background.run(what, work);
    return { done: false };
  } catch (error) {
    return { done: false, error };
  } finally {
    clearTimeout(timer);
  }
}
