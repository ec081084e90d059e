import type { UnsentBytes } from './unsent-bytes.ts';

/** The connection as an outlet needs it. */
export interface Channel {
  /** Hands a text to the connection. */
  write(text: string): void;
  /** Bytes that were handed over and have not left the process. */
  unsent(): number;
  /** Calls back when everything that was handed over has left. */
  whenSent(sent: () => void): void;
  /** Too much waits for this client: its connection is to be ended, and the outlet closed. */
  tooSlow(unsentBytes: number): void;
  /** Ends the connection without a word. */
  cut(): void;
}

/** What keeping one text costs besides its bytes, so that a million tiny ones are not taken for nothing. */
const BYTES_PER_TEXT = 64;

/**
 * What is said to one client, in order. While the client keeps up, texts go
 * straight to its connection. When it does not, they wait here and not in the
 * connection: as references to what all clients of a group share, counted,
 * and gone at once when the client is given up.
 */
export class Outlet {
  private waiting: TextQueue | undefined;
  private inChannel = 0;
  private waitingBytes = 0;
  private isClosed = false;
  private wakers: (() => void)[] | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly all: UnsentBytes,
  ) {}

  get unsentBytes(): number {
    return this.inChannel + this.waitingBytes;
  }

  /** Whether the client keeps up. */
  get hasRoom(): boolean {
    return this.inChannel === 0;
  }

  send(text: string, bytes = text.length): void {
    if (this.isClosed) return;
    if (!this.hasRoom) return this.wait(text, bytes + BYTES_PER_TEXT);
    this.write(text);
  }

  /** Resolves when there is room, or nothing will be said any more. */
  async drained(): Promise<void> {
    if (this.isClosed || this.hasRoom) return;
    await new Promise<void>((resolve) => {
      (this.wakers ??= []).push(resolve);
    });
  }

  /** Of a client that has been given up already, not even the last words are kept. */
  giveUp(): void {
    if (!this.isClosed) return this.channel.tooSlow(this.unsentBytes);
    this.channel.cut();
    this.dispose();
  }

  /** Hands over all that waits, however slow the client: for the last words of a conversation that ends well. */
  flush(): void {
    const { waiting } = this;
    this.forgetWaiting();
    for (let one = waiting?.shift(); one; one = waiting?.shift()) this.channel.write(one.text);
    this.setInChannel(this.channel.unsent());
  }

  /** Nothing more is said, and what waits is dropped. What the connection holds counts until it is gone. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.forgetWaiting();
    this.wake();
  }

  /** The connection is gone, and what it held. */
  dispose(): void {
    this.close();
    this.setInChannel(0);
  }

  private write(text: string): void {
    this.channel.write(text);
    const unsent = this.channel.unsent();
    if (unsent === 0) return;
    this.setInChannel(unsent);
    this.channel.whenSent(() => this.sent());
  }

  private wait(text: string, bytes: number): void {
    (this.waiting ??= new TextQueue()).push({ text, bytes });
    this.waitingBytes += bytes;
    this.all.add(this, bytes);
    if (this.unsentBytes > this.all.perClient) this.giveUp();
  }

  private sent(): void {
    this.setInChannel(0);
    if (this.isClosed) return;
    while (this.waiting && this.hasRoom) {
      const one = this.waiting.shift();
      if (one) {
        this.waitingBytes -= one.bytes;
        this.all.remove(this, one.bytes);
        this.write(one.text);
      } else {
        this.waiting = undefined;
      }
    }
    if (this.hasRoom) this.wake();
  }

  private setInChannel(bytes: number): void {
    const change = bytes - this.inChannel;
    this.inChannel = bytes;
    if (change > 0) this.all.add(this, change);
    if (change < 0) this.all.remove(this, -change);
  }

  private forgetWaiting(): void {
    const bytes = this.waitingBytes;
    this.waiting = undefined;
    this.waitingBytes = 0;
    if (bytes > 0) this.all.remove(this, bytes);
  }

  private wake(): void {
    const { wakers } = this;
    this.wakers = undefined;
    for (const wake of wakers ?? []) wake();
  }
}

interface WaitingText {
  text: string;
  bytes: number;
}

/** First in, first out, without moving thousands of entries for each that leaves. */
class TextQueue {
  private entries: (WaitingText | undefined)[] = [];
  private first = 0;

  push(entry: WaitingText): void {
    this.entries.push(entry);
  }

  shift(): WaitingText | undefined {
    const entry = this.entries[this.first];
    if (!entry) return undefined;
    this.entries[this.first] = undefined;
    this.first += 1;
    if (this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
    return entry;
  }
}
