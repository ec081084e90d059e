import type { Shape } from './merge-shape.ts';

interface Place {
  shapes: Shape[];
  below: Map<string, Place>;
}

/** Finds out, over all fetches of a plan, which places more than one of them writes to. */
export class ShapeRegister {
  private readonly root: Place = { shapes: [], below: new Map() };

  /** A fetch writes `shape` at `path`; `@` in it does not count. */
  add(path: readonly string[], shape: Shape): void {
    let place = this.root;
    for (const name of path) if (name !== '@') place = below(place, name);
    this.addAt(place, shape);
  }

  private addAt(place: Place, shape: Shape): void {
    place.shapes.push(shape);
    for (const { name, shape: inner } of shape.fields) if (inner) this.addAt(below(place, name), inner);
  }

  /** To be called when all fetches are known. */
  settle(): void {
    settle(this.root);
  }
}

function below(place: Place, name: string): Place {
  let next = place.below.get(name);
  if (!next) {
    next = { shapes: [], below: new Map() };
    place.below.set(name, next);
  }
  return next;
}

/** Says whether anything here is written to after it has come. */
function settle(place: Place): boolean {
  let copied = place.shapes.length > 1;
  for (const next of place.below.values()) if (settle(next)) copied = true;
  for (const shape of place.shapes) shape.copied = copied;
  return copied;
}
