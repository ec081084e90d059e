import type { Model, Operation } from './history.ts';

export type Verdict<Call, Outcome> =
  | { isLinearizable: true; explored: number }
  | {
      isLinearizable: false;
      explored: number;
      /** How far the longest explanation of the history goes, and what it could not go on with. */
      explained: number;
      stuckAt: readonly Operation<Call, Outcome>[];
    };

/** A search that has looked at so many situations is not going to end; the histories here need a few per operation. */
const MAX_EXPLORED = 5_000_000;

interface Node<State> {
  state: State;
  /** Operations before this one are all done. */
  from: number;
  /** Those done among the ones from there on. */
  ahead: readonly number[];
  /** Those done among the ones whose outcome nobody knows. */
  guessed: readonly number[];
  done: number;
}

/**
 * Whether there is an order of the operations that one thread could have run
 * with these outcomes, in which whatever had ended before another began comes
 * before it (Herlihy and Wing's linearizability, by the search of Wing and Gong
 * with the memory of Lowe): from each situation go on with any operation that
 * began before all that are still to do had ended, and never look at the same
 * situation twice. Operations without an outcome may be put anywhere after
 * their beginning, or left out.
 */
export function check<State, Call, Outcome>(
  model: Model<State, Call, Outcome>,
  history: readonly Operation<Call, Outcome>[],
): Verdict<Call, Outcome> {
  const byBegin = history.toSorted((a, b) => a.invokedAt - b.invokedAt);
  const known = byBegin.filter(({ outcome }) => outcome !== undefined);
  const unknown = byBegin.filter(({ outcome }) => outcome === undefined);
  const seen = new Set<string>();
  const stack: Node<State>[] = [{ state: model.initial, from: 0, ahead: [], guessed: [], done: 0 }];
  let best = stack[0]!;

  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.from === known.length) return { isLinearizable: true, explored: seen.size };
    if (node.done > best.done) best = node;
    if (seen.size > MAX_EXPLORED) throw new Error(`Not decided after ${MAX_EXPLORED} situations.`);
    const push = (next: Omit<Node<State>, 'done'>, done: number) => {
      const key = `${next.from}|${next.ahead.join()}|${next.guessed.join()}|${model.keyOf(next.state)}`;
      if (seen.has(key)) return;
      seen.add(key);
      stack.push({ ...next, done });
    };
    const candidates = candidatesOf(known, node);
    // Guesses lie deeper in the stack than what is known: most histories are explained without any.
    const latest = Math.min(...candidates.map((at) => known[at]!.respondedAt));
    for (const [at, { call, invokedAt }] of unknown.entries()) {
      if (invokedAt > latest || node.guessed.includes(at)) continue;
      const guessed = [...node.guessed, at].toSorted((a, b) => a - b);
      for (const state of model.next(node.state, call, undefined)) push({ ...node, state, guessed }, node.done);
    }
    for (const at of candidates.toReversed()) {
      const { call, outcome } = known[at]!;
      const moved = advanced(node, at);
      for (const state of model.next(node.state, call, outcome)) {
        push({ ...moved, state, guessed: node.guessed }, node.done + 1);
      }
    }
  }
  const stuckAt = candidatesOf(known, best).map((at) => known[at]!);
  return { isLinearizable: false, explored: seen.size, explained: best.done, stuckAt };
}

/** What may be next: nothing that is still to do had ended before it began. */
function candidatesOf(
  known: readonly Operation<unknown, unknown>[],
  { from, ahead }: Pick<Node<unknown>, 'from' | 'ahead'>,
): number[] {
  const candidates: number[] = [];
  let firstEnd = Infinity;
  for (let at = from; at < known.length; at += 1) {
    if (ahead.includes(at)) continue;
    const { invokedAt, respondedAt } = known[at]!;
    if (invokedAt > firstEnd) break;
    candidates.push(at);
    firstEnd = Math.min(firstEnd, respondedAt);
  }
  return candidates.filter((at) => known[at]!.invokedAt <= firstEnd);
}

function advanced({ from, ahead }: Node<unknown>, at: number): { from: number; ahead: number[] } {
  const done = [...ahead, at].toSorted((a, b) => a - b);
  let next = from;
  while (done[0] === next) {
    done.shift();
    next += 1;
  }
  return { from: next, ahead: done };
}
