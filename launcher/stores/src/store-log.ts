/** What the stores say while they start and stop; a pino logger or the console will do. */
export interface StoreLog {
  info(message: string): void;
  warn(message: string): void;
}

export const silentLog: StoreLog = { info() {}, warn() {} };
