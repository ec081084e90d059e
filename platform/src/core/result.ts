/** An outcome the shop knows: data, not an exception. */
export type Result<T, E = Rejection> = { ok: true; value: T } | { ok: false; rejection: E };

/**
 * Why a command was refused. `code` is one of the schema's `UserErrorCode`;
 * `field` is the path into the input; `details` feeds typed errors.
 */
export interface Rejection<Code extends string = string> {
  code: Code;
  message: string;
  field?: string[];
  details?: Readonly<Record<string, unknown>>;
}

export function accept<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function reject<Code extends string>(
  code: Code,
  message: string,
  more: { field?: string[]; details?: Readonly<Record<string, unknown>> } = {},
): { ok: false; rejection: Rejection<Code> } {
  return { ok: false, rejection: { code, message, ...more } };
}
