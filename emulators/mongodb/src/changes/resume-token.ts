import type { Doc, Value } from '../bson/value.ts';
import { isDoc } from '../bson/value.ts';
import { CommandError } from '../errors.ts';

/** Tokens compare as strings in the order of their events; the letter says whose they are. */
const FORM = /^e([0-9a-f]{16})$/;

/** Stands for "everything up to and including this event has been seen". */
export function toToken(sequence: number): Doc {
  return { _data: `e${sequence.toString(16).padStart(16, '0')}` };
}

export function fromToken(token: Value): number {
  const data = isDoc(token) ? token._data : undefined;
  const hex = typeof data === 'string' ? FORM.exec(data)?.[1] : undefined;
  if (hex === undefined)
    throw new CommandError('InvalidResumeToken', 'emulator: this resume token was not issued here');
  return Number.parseInt(hex, 16);
}
