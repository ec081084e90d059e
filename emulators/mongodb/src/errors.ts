/** Server error codes this emulator answers with; names and numbers are the wire protocol's own. */
export const ERROR_CODES = {
  InternalError: 1,
  BadValue: 2,
  NoSuchKey: 4,
  HostUnreachable: 6,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  ProtocolError: 17,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  InvalidBSON: 22,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  EmptyFieldName: 56,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  UnsatisfiableWriteConcern: 100,
  WriteConflict: 112,
  CommandNotSupported: 115,
  ConflictingOperationInProgress: 117,
  InvalidPipelineOperator: 168,
  CannotIndexParallelArrays: 171,
  QueryFeatureNotAllowed: 224,
  TransactionTooOld: 225,
  NotImplemented: 238,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  OperationNotSupportedInTransaction: 263,
  TooManyLogicalSessions: 261,
  ChangeStreamHistoryLost: 286,
  InvalidResumeToken: 260,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  InterruptedAtShutdown: 11600,
  Interrupted: 11601,
  UnknownGroupOperator: 15952,
  MergeStageNoMatchingDocument: 13113,
  UnrecognizedPipelineStage: 40324,
  UnknownField: 40415,
  Location16436: 16436,
  Location31249: 31249,
  Location31253: 31253,
  Location31254: 31254,
  Location51108: 51108,
} as const;

export type ErrorName = keyof typeof ERROR_CODES;

/** Fields a command reply carries besides code, name and message. */
export interface ErrorDetails {
  labels?: string[];
  keyPattern?: unknown;
  keyValue?: unknown;
  cause?: unknown;
}

/** What the caller did wrong, or lost to a race: becomes an `ok: 0` reply or one entry of `writeErrors`. */
export class CommandError extends Error {
  readonly code: number;
  readonly codeName: ErrorName;
  readonly details: ErrorDetails;

  constructor(codeName: ErrorName, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CommandError';
    this.code = ERROR_CODES[codeName];
    this.codeName = codeName;
    this.details = details;
  }
}

/** A real server has it, this emulator does not: always loud, always says who is speaking. */
export function refuse(what: string, codeName: ErrorName = 'NotImplemented'): CommandError {
  return new CommandError(codeName, `emulator: ${what} is not supported`);
}
