import type { Model, Operation } from './history.ts';

export type Verdict<Call, Outcome> =
  | { isLinearizable: true; explored: number }
  | {
      isLinearizable: false;
      /** Whether every order was tried. Otherwise the search was given up: there may be one that was not found. */
      isCertain: boolean;
      explored: number;
      /** How far the longest explanation of the history goes, and what it could not go on with. */
      explained: number;
      stuckAt: readonly Operation<Call, Outcome>[];
    };

/** A search that has looked at so many situations is not going to find an order: those that have one need a few per operation. */
const MAX_EXPLORED = 800_000;

interface Node<State> {
  state: State;
  /** Operations before this one are all done. */
  from: number;
  /** Those done among the ones from there on. */
  ahead: readonly number[];
  /** How many are done of each kind of those whose outcome nobody knows. */
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
 *
 * Three things keep it short. What fits and changes nothing is done at once: an
 * order in which it comes later holds with it here as well. Of lost operations
 * that ask for the same, the one that began first stands for all. And a
 * situation that was reached with fewer of them needs no second look with more.
 */
export function check<State, Call, Outcome>(
  model: Model<State, Call, Outcome>,
  history: readonly Operation<Call, Outcome>[],
  { maxExplored = MAX_EXPLORED }: { maxExplored?: number } = {},
): Verdict<Call, Outcome> {
  const byBegin = history.toSorted((a, b) => a.invokedAt - b.invokedAt);
  const known = byBegin.filter(({ outcome }) => outcome !== undefined);
  const lost = kindsOf(byBegin.filter(({ outcome }) => outcome === undefined));
  const seen = new Map<string, (readonly number[])[]>();
  const stack: Node<State>[] = [];
  let explored = 0;
  const isSame = (a: State, b: State) => a === b || model.keyOf(a) === model.keyOf(b);
  const visit = (node: Node<State>) => {
    const key = `${node.from}|${node.ahead.join()}|${model.keyOf(node.state)}`;
    const before = seen.get(key) ?? [];
    if (before.some((fewer) => fewer.every((count, kind) => count <= node.guessed[kind]!))) return;
    seen.set(key, [...before, node.guessed]);
    explored += 1;
    stack.push(node);
  };

  let best: Node<State> = { state: model.initial, from: 0, ahead: [], guessed: lost.map(() => 0), done: 0 };
  visit(best);
  for (let node = stack.pop(); node && explored <= maxExplored; node = stack.pop()) {
    const { state, guessed } = node;
    if (node.from === known.length) return { isLinearizable: true, explored };
    if (node.done > best.done) best = node;
    const candidates = candidatesOf(known, node);
    const nextOf = new Map(candidates.map((at) => [at, model.next(state, known[at]!.call, known[at]!.outcome)]));
    const idle = candidates.find((at) => nextOf.get(at)!.length === 1 && isSame(nextOf.get(at)![0]!, state));
    if (idle !== undefined) {
      visit({ ...advanced(node, idle), state, guessed, done: node.done + 1 });
      continue;
    }
    // Guesses lie deeper in the stack than what is known: most histories are explained without any.
    const latest = Math.min(...candidates.map((at) => known[at]!.respondedAt));
    for (const [kind, alike] of lost.entries()) {
      const first = alike[guessed[kind]!];
      if (!first || first.invokedAt > latest) continue;
      const more = guessed.with(kind, guessed[kind]! + 1);
      for (const after of model.next(state, first.call, undefined)) {
        // What changes nothing explains nothing.
        if (!isSame(after, state)) visit({ ...node, state: after, guessed: more });
      }
    }
    // Before them, what says most of how things are: when it fits it hardly does so by chance.
    const tells = (at: number) => Number(model.isTelling?.(known[at]!.outcome!) ?? false);
    for (const at of candidates.toReversed().toSorted((a, b) => tells(a) - tells(b))) {
      const moved = advanced(node, at);
      for (const after of nextOf.get(at)!) visit({ ...moved, state: after, guessed, done: node.done + 1 });
    }
  }
  // Given up or through: either way nothing explains it that could be found.
  const stuckAt = candidatesOf(known, best).map((at) => known[at]!);
  return { isLinearizable: false, isCertain: explored <= maxExplored, explored, explained: best.done, stuckAt };
}

function kindsOf<Call, Outcome>(lost: readonly Operation<Call, Outcome>[]): Operation<Call, Outcome>[][] {
  return Object.values(Object.groupBy(lost, ({ call }) => JSON.stringify(call))) as Operation<Call, Outcome>[][];
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
  // Those first that have to come first: what was answered late may have been done late.
  return candidates
    .filter((at) => known[at]!.invokedAt <= firstEnd)
    .toSorted((a, b) => known[a]!.respondedAt - known[b]!.respondedAt);
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
