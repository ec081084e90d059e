/** One thing a client asked of one object, and what it was told. */
export interface Operation<Call, Outcome> {
  client: number;
  call: Call;
  /** Undefined: the client never learned how it came out. It may have happened at any time after it was asked, or not at all. */
  outcome: Outcome | undefined;
  invokedAt: number;
  /** Infinity when nothing was ever said. */
  respondedAt: number;
}

/** What one thread would do, which is what everybody has to agree with. */
export interface Model<State, Call, Outcome> {
  initial: State;
  /**
   * Every state in which the call may leave this one when it is told so; none when it could not have been told so here. With
   * no outcome: every state it may have led to, had it happened.
   */
  next(state: State, call: Call, outcome: Outcome | undefined): readonly State[];
  /** The same for equal states. */
  keyOf(state: State): string;
  /** Whether an outcome says so much of the state that it fits few: these are tried first. None do without it. */
  isTelling?(outcome: Outcome): boolean;
}
