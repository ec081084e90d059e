import type { Outlet } from './outlet.ts';

/** How much of the limit is in use when enough clients have been given up. */
const ROOMY = 0.75;

/**
 * What clients of this process have not read yet, all of them together. Each
 * has a limit of its own, but thousands that stay below theirs would fill the
 * memory just as well: at the limit, those that are furthest behind are given up.
 */
export class UnsentBytes {
  private readonly behind = new Set<Outlet>();
  private bytes = 0;

  constructor(private readonly limits: { maxUnsentBytes: number; maxUnsentBytesInAll: number }) {}

  get total(): number {
    return this.bytes;
  }

  get perClient(): number {
    return this.limits.maxUnsentBytes;
  }

  add(outlet: Outlet, bytes: number): void {
    this.bytes += bytes;
    this.behind.add(outlet);
    if (this.bytes > this.limits.maxUnsentBytesInAll) this.makeRoom();
  }

  remove(outlet: Outlet, bytes: number): void {
    this.bytes -= bytes;
    if (outlet.unsentBytes === 0) this.behind.delete(outlet);
  }

  private makeRoom(): void {
    const furthestFirst = [...this.behind].toSorted((a, b) => b.unsentBytes - a.unsentBytes);
    for (const outlet of furthestFirst) {
      if (this.bytes <= this.limits.maxUnsentBytesInAll * ROOMY) return;
      outlet.giveUp();
    }
  }
}
