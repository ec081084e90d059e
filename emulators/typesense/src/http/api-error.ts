/** An answer the client is meant to see: Typesense's `{message}` body under its own status code. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export const badRequest = (message: string): ApiError => new ApiError(400, message);
export const notFound = (message: string): ApiError => new ApiError(404, message);
export const unprocessable = (message: string): ApiError => new ApiError(422, message);

/** What the real server can do and this one cannot: said loudly, so that nobody builds on silence. */
export const unsupported = (what: string): ApiError =>
  new ApiError(400, `${what} is not supported by this emulator. Use a real Typesense server for it.`);
