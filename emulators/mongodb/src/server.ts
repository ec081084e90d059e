import type { Users } from './auth/users.ts';
import type { Cursors } from './cursors/cursors.ts';
import type { KeptEncodings } from './cursors/kept-encodings.ts';
import type { Store } from './storage/store.ts';
import type { Sessions } from './transactions/sessions.ts';

export type Log = (message: string, details?: Record<string, unknown>) => void;

/** Everything commands share. */
export interface Server {
  store: Store;
  sessions: Sessions;
  cursors: Cursors;
  encodings: KeptEncodings;
  users: Users;
  stats: ServerStats;
  log: Log;
  startedAt: Date;
}

export interface ServerStats {
  connections: number;
  totalConnections: number;
  /** How often each command was run, by name. */
  commands: Record<string, number>;
  docsExamined: number;
  keysExamined: number;
  expired: number;
}
