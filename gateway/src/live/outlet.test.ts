import { describe, expect, it } from 'vitest';
import { type Channel, Outlet } from './outlet.ts';
import { UnsentBytes } from './unsent-bytes.ts';

/** A connection that takes texts as fast as it is told to. */
class TestChannel implements Channel {
  readonly written: string[] = [];
  readonly ends: string[] = [];
  isReading = true;
  private held = 0;
  private readonly callbacks: (() => void)[] = [];
  readonly outlet: Outlet;

  constructor(all: UnsentBytes) {
    this.outlet = new Outlet(this, all);
  }

  write(text: string): void {
    this.written.push(text);
    if (!this.isReading) this.held += text.length;
  }
  unsent(): number {
    return this.held;
  }
  whenSent(sent: () => void): void {
    this.callbacks.push(sent);
  }
  tooSlow(unsentBytes: number): void {
    this.ends.push(`too slow with ${unsentBytes}`);
    this.outlet.close();
  }
  cut(): void {
    this.ends.push('cut');
  }
  /** Reads what the connection holds, and goes on reading. */
  read(): void {
    this.isReading = true;
    this.readOnce();
  }
  readOnce(): void {
    this.held = 0;
    for (const sent of this.callbacks.splice(0)) sent();
  }
}

const all = (maxUnsentBytes = 10_000, maxUnsentBytesInAll = 100_000) =>
  new UnsentBytes({ maxUnsentBytes, maxUnsentBytesInAll });

describe('an outlet', () => {
  it('hands texts straight to a client that reads', () => {
    const unsent = all();
    const channel = new TestChannel(unsent);
    for (const text of ['a', 'b', 'c']) channel.outlet.send(text);
    expect(channel.written).toEqual(['a', 'b', 'c']);
    expect([channel.outlet.hasRoom, unsent.total]).toEqual([true, 0]);
  });

  it('keeps the order of what waits, whenever the client reads', async () => {
    const unsent = all(1_000_000, 1_000_000);
    const channel = new TestChannel(unsent);
    channel.isReading = false;
    const texts = Array.from({ length: 2_000 }, (_, at) => `text ${at}`);
    for (const [at, text] of texts.entries()) {
      channel.outlet.send(text);
      if (at % 7 === 0) channel.readOnce();
    }
    expect(channel.written.length).toBeLessThan(1_000);
    const drained = channel.outlet.drained();
    channel.read();
    await drained;
    expect(channel.written).toEqual(texts);
    expect([channel.outlet.hasRoom, unsent.total]).toEqual([true, 0]);
  });

  it('gives up a client at its limit, and drops what waited at once', () => {
    const unsent = all(1_000);
    const channel = new TestChannel(unsent);
    channel.isReading = false;
    for (let at = 0; at < 100; at += 1) channel.outlet.send('x'.repeat(100));
    expect(channel.ends).toEqual([expect.stringMatching(/^too slow with 1\d\d\d$/)]);
    expect(channel.written.length).toBe(1);
    // The first text is still in the connection; it counts until that is gone.
    expect(unsent.total).toBe(100);
    channel.outlet.dispose();
    expect(unsent.total).toBe(0);
  });

  it('counts a million tiny texts as more than their letters', () => {
    const channel = new TestChannel(all(1_000_000));
    channel.isReading = false;
    let sent = 0;
    while (channel.ends.length === 0 && sent < 1_000_000) {
      channel.outlet.send('x');
      sent += 1;
    }
    expect(sent).toBeLessThan(20_000);
  });

  it('hands over all that waits before the last words, and counts it on', () => {
    const unsent = all();
    const channel = new TestChannel(unsent);
    channel.isReading = false;
    for (const text of ['one', 'two', 'three']) channel.outlet.send(text);
    channel.outlet.flush();
    channel.outlet.close();
    expect(channel.written).toEqual(['one', 'two', 'three']);
    expect(unsent.total).toBe('onetwothree'.length);
    channel.read();
    expect(unsent.total).toBe(0);
  });

  it('wakes who waits for room when there will be none', async () => {
    const channel = new TestChannel(all());
    channel.isReading = false;
    channel.outlet.send('x');
    const drained = channel.outlet.drained();
    channel.outlet.close();
    await drained;
    channel.outlet.send('y');
    expect(channel.written).toEqual(['x']);
  });
});

describe('all outlets together', () => {
  it('never hold more than the process may; those furthest behind go first', () => {
    const unsent = all(10_000, 20_000);
    const [far, near, reading] = [new TestChannel(unsent), new TestChannel(unsent), new TestChannel(unsent)];
    const many = Array.from({ length: 10 }, () => new TestChannel(unsent));
    for (const channel of [far, near, ...many]) channel.isReading = false;
    near.outlet.send('x');
    for (let at = 0; at < 90; at += 1) far.outlet.send('x'.repeat(36));
    for (let round = 0; round < 100 && far.ends.length === 0; round += 1) {
      for (const { outlet } of many) outlet.send('x'.repeat(36));
      reading.outlet.send('x');
      expect(unsent.total).toBeLessThanOrEqual(20_000 + 100);
    }
    expect(far.ends).toEqual([expect.stringMatching(/^too slow/)]);
    expect(unsent.total).toBeLessThanOrEqual(15_000);
    expect([near.ends, reading.ends]).toEqual([[], []]);
  });

  it('cut off clients that do not even take their last words', () => {
    const unsent = all(10_000, 10_000);
    const [stuck, other] = [new TestChannel(unsent), new TestChannel(unsent)];
    stuck.isReading = false;
    stuck.outlet.send('x'.repeat(9_000));
    stuck.outlet.close();
    other.isReading = false;
    other.outlet.send('x'.repeat(1_500));
    expect(stuck.ends).toEqual(['cut']);
    expect([other.ends, unsent.total]).toEqual([[], 1_500]);
  });
});
