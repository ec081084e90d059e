/** The other end of `measure/child.ts`: a process that says when it is ready, answers questions, and ends with its parent. */
export function serveParent(options: {
  facts: Readonly<Record<string, unknown>>;
  answer?(question: never): unknown;
  stop?(): Promise<void>;
}): void {
  const reply = (message: object) => void (process.connected && process.send?.(message));
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    Promise.resolve(options.stop?.()).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', () => undefined);
  process.on('disconnect', end);
  process.on('message', ({ id, question }: { id: number; question: never }) => {
    Promise.resolve()
      .then(() => options.answer?.(question))
      .then(
        (answer) => reply({ id, answer }),
        (error: unknown) =>
          reply({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  reply({ id: 0, answer: options.facts });
}
