import type { Clock, Ids } from '@marketgraph/platform/core';
import type { Database } from '@marketgraph/platform/postgres';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { AccessTokens } from '../clients/access-tokens.ts';
import type { MailSink } from '../clients/mail-sink.ts';
import type { PasswordHasher } from '../clients/password-hasher.ts';
import type { Revocations } from '../clients/revocations.ts';
import type { AccountsCounts } from '../counts.ts';

/** What commands work with. */
export interface CommandDeps {
  orm: Database;
  ids: Ids;
  clock: Clock;
  log: Logger;
  counts: AccountsCounts;
  passwords: PasswordHasher;
  tokens: AccessTokens;
  revocations: Revocations;
  mailSink: MailSink;
  refreshTokenTtlS: number;
  /** There are mails to send now. */
  wakeMailer(): void;
}

/** Who gave a command, and in which request. */
export interface Cause {
  actorId: string;
  requestId: string;
  trace?: string;
}
