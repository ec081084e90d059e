/** How much of something one key may hold at a time: open sockets of an address, subscriptions of a user. */
export interface Places {
  /** The way to give the place back, which may be called twice; null when there is none left. */
  enter(key: string): (() => void) | null;
}

/** Counted in this process; keys that hold nothing are forgotten. */
export function countedPlaces(perKey: number): Places {
  const held = new Map<string, number>();
  return {
    enter(key) {
      const count = held.get(key) ?? 0;
      if (count >= perKey) return null;
      held.set(key, count + 1);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const left = held.get(key)! - 1;
        if (left > 0) held.set(key, left);
        else held.delete(key);
      };
    },
  };
}
