import type { ServerResponse } from 'node:http';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { Frame } from '@marketgraph/federation-live';
import type { GraphQLFormattedError } from 'graphql';
import type { OperationSink } from './operations.ts';
import { type Channel, Outlet } from './outlet.ts';
import type { StreamFormat } from './stream-format.ts';
import type { UnsentBytes } from './unsent-bytes.ts';

/** How long a client has to take the last words: of an answer, and of a stream that it is thrown out of. */
const ANSWER_PATIENCE_MS = 30_000;
const CLOSE_PATIENCE_MS = 2_000;

/** One operation whose results are written into one HTTP answer. */
export class HttpStream implements OperationSink, Channel {
  private readonly outlet: Outlet;
  private readonly heartbeat: NodeJS.Timeout;
  private isEnded = false;
  private hasBegun = false;
  private stopOperation = (): void => undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly format: StreamFormat,
    private readonly parts: { unsent: UnsentBytes; log: Logger; address: string },
    private readonly onEnd: () => void,
  ) {
    this.outlet = new Outlet(this, parts.unsent);
    response.on('error', (error) => parts.log.debug({ err: error }, 'stream failed'));
    response.once('close', () => {
      this.release();
      this.outlet.dispose();
    });
    response.writeHead(200, format.headers);
    this.outlet.send(format.opening);
    // A client that is behind has something to read.
    this.heartbeat = setInterval(
      () => void (this.outlet.hasRoom && this.outlet.send(format.heartbeat)),
      format.heartbeatMs,
    );
  }

  get isClosed(): boolean {
    return this.isEnded;
  }

  get hasRoom(): boolean {
    return this.isEnded || this.outlet.hasRoom;
  }

  /** The way to stop the operation, known only after it has begun to answer. */
  onStop(stop: () => void): void {
    if (this.isEnded) stop();
    else this.stopOperation = stop;
  }

  next({ body, bytes }: Frame): void {
    if (this.isEnded) return;
    this.hasBegun = true;
    this.outlet.send(this.format.result(body), bytes);
  }

  drained(): Promise<void> {
    return this.outlet.drained();
  }

  end(errors: readonly GraphQLFormattedError[] | null): void {
    if (this.isEnded) return;
    this.outlet.flush();
    this.finish(this.format.ending(errors, this.hasBegun), ANSWER_PATIENCE_MS);
  }

  sessionEnded(): void {
    this.throwOut(graphqlError('UNAUTHENTICATED', 'Your session has ended.').toJSON());
  }

  tooSlow(unsentBytes: number): void {
    this.parts.log.info({ address: this.parts.address, unsentBytes }, 'client is too slow');
    this.throwOut(graphqlError('SLOW_CONSUMER', 'Too slow: resume with your last cursor.').toJSON());
  }

  goAway(): void {
    if (this.isEnded) return;
    const stopping = graphqlError('SUBGRAPH_UNAVAILABLE', 'The gateway stops: connect again, with your last cursor.', {
      service: 'gateway',
      retryable: true,
    });
    this.finish(this.format.goingAway(stopping.toJSON()), CLOSE_PATIENCE_MS);
  }

  write(text: string): void {
    if (!this.response.destroyed) this.response.write(text);
  }

  unsent(): number {
    return this.response.writableLength;
  }

  whenSent(sent: () => void): void {
    // Nothing, written behind all that was: it has left when that has.
    if (!this.response.destroyed) this.response.write('', sent);
  }

  cut(): void {
    this.response.destroy();
  }

  private throwOut(error: GraphQLFormattedError): void {
    if (!this.isEnded) this.finish(this.format.ending([error], true), CLOSE_PATIENCE_MS);
  }

  private finish(lastWords: string, patienceMs: number): void {
    const { response } = this;
    this.release();
    response.end(lastWords);
    const cut = setTimeout(() => response.destroy(), patienceMs);
    response.once('close', () => clearTimeout(cut));
  }

  private release(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    clearInterval(this.heartbeat);
    this.outlet.close();
    this.stopOperation();
    this.onEnd();
  }
}
