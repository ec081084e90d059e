/** A store cannot be started here; the message is one sentence that says what to do. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  constructor(
    readonly store: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The store's program ended, or did not answer, while it was being started. */
export class StoreStartError extends Error {
  override readonly name = 'StoreStartError';
  constructor(
    readonly store: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The port somebody asked for belongs to another program. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
  constructor(
    readonly store: string,
    readonly port: number,
  ) {
    super(
      `Port ${port}, wanted for ${store}, is already in use: stop the program that listens on it, or choose another port.`,
    );
  }
}

/** The data folder was written by a version that this one cannot read. */
export class DataFolderVersionError extends Error {
  override readonly name = 'DataFolderVersionError';
  constructor(
    readonly folder: string,
    readonly found: string,
    readonly expected: string,
  ) {
    super(
      `The data folder ${folder} was written by version ${found} and this is version ${expected}: ` +
        `start with --fresh to empty it, or set DATA_DIR to another folder.`,
    );
  }
}

/** Another launcher is running on the same data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  constructor(
    readonly folder: string,
    readonly pid: number | undefined,
  ) {
    super(
      `The data folder ${folder} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}: ` +
        `stop that one first, or set DATA_DIR to another folder.`,
    );
  }
}
