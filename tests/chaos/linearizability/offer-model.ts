import type { Model } from './history.ts';

/** Units of one offer in each warehouse, by its place in the list. */
export type Split = readonly number[];

export type StockCall =
  /** Nobody can name a reservation whose maker was never told of it: then the request does not matter. */
  | { do: 'reserve'; quantity: number; request?: number }
  | { do: 'confirm' | 'release' | 'revert'; request: number }
  | { do: 'adjust'; warehouse: number; delta: number }
  | { do: 'transfer'; from: number; to: number; quantity: number }
  | { do: 'query' };

export type StockOutcome =
  | { reserved: Split }
  /** What the refusal says is left. */
  | { shortWith: number }
  | { ended: boolean }
  /** Levels after the change, of the warehouses it was in. */
  | { levels: readonly { warehouse: number; onHand: number; reserved: number }[] }
  | { refused: true }
  | { available: number };

export type ReservationStatus = 'ACTIVE' | 'CONFIRMED' | 'RELEASED';

export interface Stock {
  onHand: Split;
  reserved: Split;
  reservations: Readonly<Record<number, { status: ReservationStatus; split: Split }>>;
}

/** The stock of one offer as one thread would keep it: written down from what is promised, not from the code that keeps it. */
export function offerModel(onHand: Split): Model<Stock, StockCall, StockOutcome> {
  const keys = new WeakMap<Stock['reservations'], string>();
  // Most calls leave the reservations as they are, and there are hundreds of them.
  const keyOfThem = (reservations: Stock['reservations']) => {
    const known = keys.get(reservations);
    if (known !== undefined) return known;
    const key = Object.entries(reservations)
      .map(([request, { status, split }]) => `${request}${status[0]}${split.join('+')}`)
      .join();
    keys.set(reservations, key);
    return key;
  };
  return {
    initial: { onHand, reserved: onHand.map(() => 0), reservations: {} },
    keyOf: ({ onHand: has, reserved, reservations }) => `${has.join()};${reserved.join()};${keyOfThem(reservations)}`,
    isTelling: (outcome) => 'levels' in outcome,
    next(stock, call, outcome) {
      if (call.do === 'query') {
        return !outcome || ('available' in outcome && outcome.available === available(stock)) ? [stock] : [];
      }
      if (call.do === 'reserve') return reserve(stock, call, outcome);
      if (call.do === 'adjust') return adjust(stock, call, outcome);
      if (call.do === 'transfer') return transfer(stock, call, outcome);
      return end(stock, call, outcome);
    },
  };
}

function available({ onHand, reserved }: Stock): number {
  return onHand.reduce((sum, units, at) => sum + units - reserved[at]!, 0);
}

function reserve(
  stock: Stock,
  { quantity, request }: Extract<StockCall, { do: 'reserve' }>,
  outcome: StockOutcome | undefined,
): Stock[] {
  const left = available(stock);
  if (outcome && 'shortWith' in outcome) {
    // Somebody else's claim may stand for units that are free: then the refusal says one less than was wanted.
    const isSaid = outcome.shortWith === left || (outcome.shortWith === quantity - 1 && left >= quantity);
    return isSaid && outcome.shortWith < quantity ? [stock] : [];
  }
  if (outcome && !('reserved' in outcome)) return [];
  const splits = outcome ? [outcome.reserved] : splitsOf(stock, quantity);
  return splits
    .filter((split) => split.every((units, at) => units <= stock.onHand[at]! - stock.reserved[at]!))
    .filter((split) => split.reduce((sum, units) => sum + units, 0) === quantity)
    .map((split) => ({
      ...plus(stock, { reserved: split }),
      reservations:
        request === undefined ? stock.reservations : { ...stock.reservations, [request]: { status: 'ACTIVE', split } },
    }));
}

/** Every way to take so many units from the warehouses. */
function splitsOf({ onHand, reserved }: Stock, quantity: number): Split[] {
  const free = onHand.map((units, at) => units - reserved[at]!);
  const from = (at: number, left: number): Split[] => {
    if (at === free.length - 1) return left <= free[at]! ? [[left]] : [];
    return Array.from({ length: Math.min(free[at]!, left) + 1 }, (_, units) =>
      from(at + 1, left - units).map((rest) => [units, ...rest]),
    ).flat();
  };
  return from(0, quantity);
}

function end(
  stock: Stock,
  { do: command, request }: { do: 'confirm' | 'release' | 'revert'; request: number },
  outcome: StockOutcome | undefined,
): Stock[] {
  const reservation = stock.reservations[request];
  // Whoever names a reservation has been told of it: before it was made nobody could.
  if (!reservation) return [];
  const { status, split } = reservation;
  const isLegal = command === 'revert' || status === 'ACTIVE' || (command === 'confirm') === (status === 'CONFIRMED');
  if (outcome && (!('ended' in outcome) || outcome.ended !== isLegal)) return [];
  const to: ReservationStatus = command === 'confirm' ? 'CONFIRMED' : 'RELEASED';
  if (!isLegal || status === to) return [stock];
  const minus = split.map((units) => -units);
  const change =
    status === 'CONFIRMED' ? { onHand: split } : { reserved: minus, ...(to === 'CONFIRMED' ? { onHand: minus } : {}) };
  return [{ ...plus(stock, change), reservations: { ...stock.reservations, [request]: { status: to, split } } }];
}

function adjust(
  stock: Stock,
  { warehouse, delta }: Extract<StockCall, { do: 'adjust' }>,
  outcome: StockOutcome | undefined,
): Stock[] {
  const isLegal = stock.onHand[warehouse]! + delta >= stock.reserved[warehouse]!;
  return told(stock, isLegal, { onHand: stock.onHand.map((_, at) => (at === warehouse ? delta : 0)) }, outcome);
}

function transfer(
  stock: Stock,
  { from, to, quantity }: Extract<StockCall, { do: 'transfer' }>,
  outcome: StockOutcome | undefined,
): Stock[] {
  const isLegal = stock.onHand[from]! - stock.reserved[from]! >= quantity;
  const moved = stock.onHand.map((_, at) => (at === from ? -quantity : at === to ? quantity : 0));
  return told(stock, isLegal, { onHand: moved }, outcome);
}

/** A change that says how the levels are afterwards, or that it was refused. */
function told(stock: Stock, isLegal: boolean, change: { onHand: Split }, outcome: StockOutcome | undefined): Stock[] {
  if (!isLegal) return !outcome || 'refused' in outcome ? [stock] : [];
  const after = plus(stock, change);
  if (!outcome) return [after];
  if (!('levels' in outcome)) return [];
  const isSaid = outcome.levels.every(
    ({ warehouse, onHand, reserved }) => after.onHand[warehouse] === onHand && after.reserved[warehouse] === reserved,
  );
  return isSaid ? [after] : [];
}

function plus(stock: Stock, change: { onHand?: Split; reserved?: Split }): Stock {
  const sum = (units: Split, more: Split | undefined) => (more ? units.map((each, at) => each + more[at]!) : units);
  return { ...stock, onHand: sum(stock.onHand, change.onHand), reserved: sum(stock.reserved, change.reserved) };
}
