import type { Person } from '../../support/person.ts';
import type { Party, ShopOfKeys } from './shop-of-keys.ts';

/** One mutation that takes a key, and how to see how often it took effect. */
export interface IdempotencyCase {
  /** What of the payload must be the same for everybody who asked with one key: ids and amounts. */
  select: string;
  /** Makes everything ready for one call of it, for one of two parties that have nothing to do with each other. */
  prepare(shop: ShopOfKeys, party: Party): Promise<PreparedCall>;
}

export interface PreparedCall {
  by: Person;
  /** All arguments but the key. */
  args: Record<string, unknown>;
  /** The same with an input that would do something else. */
  otherArgs: Record<string, unknown>;
  /** How often it has taken effect, as the stores have it. */
  effects(): Promise<number>;
  /** Called when the calls are over, whatever came of them. */
  end?(): Promise<void>;
}

/** A case per mutation, by its name. */
export type IdempotencyCases = Readonly<Record<string, IdempotencyCase>>;
