import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';

export interface HttpAnswer {
  statusCode: number;
  text: string;
  /** Whoever answered takes no more calls on this connection: it is about to stop. */
  isLast: boolean;
}

/** The call took longer than it was given. */
export class HttpCallTimeoutError extends Error {
  constructor() {
    super('no answer in time');
    this.name = 'HttpCallTimeoutError';
  }
}

/**
 * One POST and the whole of its answer. `Pool.request` would build a stream
 * for each answer, and an AbortController for each deadline; its own timeouts
 * tick by the second and start again with every chunk.
 */
export function postJson(
  pool: Pool,
  { path, headers, body, timeoutMs }: { path: string; headers: string[]; body: string; timeoutMs: number },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const call = new Call(resolve, reject, timeoutMs);
    pool.dispatch({ method: 'POST', path, headers, body }, call);
  });
}

class Call implements Dispatcher.DispatchHandler {
  private statusCode = 0;
  private isLast = false;
  private first: Buffer | undefined;
  private more: Buffer[] | undefined;
  private controller: Dispatcher.DispatchController | undefined;
  private readonly timer: NodeJS.Timeout;
  private isLate = false;

  constructor(
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (error: Error) => void,
    timeoutMs: number,
  ) {
    this.timer = setTimeout(() => this.onLate(), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It waited for a socket until nobody waited for it.
    if (this.isLate) return controller.abort(new HttpCallTimeoutError());
    this.controller = controller;
    return undefined;
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    this.statusCode = statusCode;
    this.isLast = headers['connection'] === 'close';
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.first) this.first = chunk;
    else (this.more ??= [this.first]).push(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.timer);
    const body = this.more ? Buffer.concat(this.more) : this.first;
    this.resolve({ statusCode: this.statusCode, text: body ? body.toString('utf8') : '', isLast: this.isLast });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.timer);
    this.reject(error);
  }

  private onLate(): void {
    this.isLate = true;
    const error = new HttpCallTimeoutError();
    this.controller?.abort(error);
    this.reject(error);
  }
}
