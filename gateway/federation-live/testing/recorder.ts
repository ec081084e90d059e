import type { GraphQLError } from 'graphql';
import type { Audience, Frame, LiveSink } from '../src/live/live-ports.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Result = any;

/** The client's end, for tests: keeps what it was told. */
export class Recorder implements LiveSink {
  isClosed = false;
  hasRoom = true;
  readonly frames: Frame[] = [];
  ended: readonly GraphQLError[] | null | undefined;
  drained = async (): Promise<void> => undefined;

  next(frame: Frame): void {
    this.frames.push(frame);
  }

  end(errors: readonly GraphQLError[] | null): void {
    this.ended = errors;
  }

  get results(): Result[] {
    return this.frames.map(({ body }) => JSON.parse(body) as Result);
  }

  /** The data under the root field of each result. */
  events(field: string): Result[] {
    return this.results.map(({ data }) => data?.[field]);
  }

  get endCodes(): unknown[] | undefined {
    return this.ended?.map(({ extensions }) => extensions['code']);
  }
}

export function audience(scope = 'a', overrides: Partial<Audience> = {}): Audience {
  return { scope, subject: scope, ownKey: scope, context: async () => ({ scope }), ...overrides };
}
