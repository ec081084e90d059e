import { ALLOWANCE_PLACE } from '../../subgraphs/inventory/src/store/allowances.ts';
import { Buyer } from './buyers.ts';
import { Invariants, type Violation } from './invariants.ts';
import { aQuote } from './world/catalog.ts';
import { drawFaults } from './world/faults.ts';
import { type InventoryTables, levelKey } from './world/inventory-tables.ts';
import { replaceTime } from './world/scheduler.ts';
import { type Trace, World } from './world/world.ts';

const FAULTS_LAST_MS = 25_000;
/** Every retry, lease and look of the product has come round by then, several times. */
const SETTLE_WITHIN_MS = 900_000;
/** Looking whether all is settled costs more than a step. */
const LOOK_EVERY_STEPS = 32;

export interface Outcome {
  seed: number;
  violations: readonly Violation[];
  steps: number;
  crashes: number;
  virtualMs: number;
  completed: number;
  failed: number;
}

/** One schedule: a small shop, its buyers, faults for a while, then calm until all is settled. */
export async function runSchedule(seed: number, trace?: Trace): Promise<Outcome> {
  const world = new World(seed, trace);
  const { random, scheduler } = world;
  const restore = replaceTime(scheduler);
  try {
    const stock = stockShop(world);
    const invariants = new Invariants(world, stock);
    const faults = drawFaults(random);
    world.beginFaults(faults);
    world.say(`faults ${JSON.stringify(faults)}`);
    for (const name of ['inventory', 'payments', 'orders'] as const) {
      for (let copy = random.whole(1, 2); copy > 0; copy -= 1) world.start(name, copy);
    }
    const buyers = Array.from({ length: random.whole(2, 4) }, (_, index) => {
      const buyer = new Buyer(world, index + 1);
      buyer.fillCart(drawLines(world));
      buyer.begin(random.between(0, 3_000));
      return buyer;
    });

    await scheduler.run(() => false, FAULTS_LAST_MS);
    world.endFaults();
    const isSettled = await scheduler.run(() => {
      if (invariants.violations.length > 0) return true;
      return scheduler.steps % LOOK_EVERY_STEPS === 0 && buyers.every(({ isDone }) => isDone) && invariants.isSettled();
    }, SETTLE_WITHIN_MS);
    const checkouts = [...world.orders.tables.checkouts.rows.values()];
    const violations = [...invariants.violations];
    if (!isSettled) {
      const found = [
        ...buyers.filter(({ isDone }) => !isDone).map(({ actor }) => actor.name),
        ...invariants.unsettled(),
      ];
      violations.push({ promise: 'once faults stop, everything comes to its end', found: found.join('; ') });
    } else if (violations.length === 0) {
      invariants.checkAtRest(buyers.map(({ told }) => told));
      violations.push(...invariants.violations);
    }
    return {
      seed,
      violations,
      steps: scheduler.steps,
      crashes: world.crashes,
      virtualMs: scheduler.now,
      completed: checkouts.filter(({ state }) => state.status === 'COMPLETED').length,
      failed: checkouts.filter(({ state }) => state.status === 'FAILED').length,
    };
  } finally {
    restore();
  }
}

/** Few units of few offers, over one or two warehouses: most of what goes wrong goes wrong at the last unit. */
function stockShop({ random, quotes, inventory: { tables } }: World): Map<string, number> {
  const stock = new Map<string, number>();
  const offers = random.whole(1, 3);
  for (let number = 1; number <= offers; number += 1) {
    const offerId = `off_${number}`;
    const vendorId = `ven_${1 + (number % 2)}`;
    const dealId = random.chance(0.4) ? `dea_${number}` : undefined;
    const quote = aQuote(offerId, vendorId, random.whole(99, 9_999), dealId);
    quotes.set(offerId, quote);
    if (dealId) stock.set(dealId, allow(tables, dealId, random.whole(1, 2)));
    const { sku, variantId } = quote;
    tables.offers.rows.set(offerId, {
      offerId,
      vendorId,
      sku,
      variantId,
      lowStockThreshold: 5,
      sequence: 0,
      allowance: null,
    });
    for (let place = random.whole(1, 2); place > 0; place -= 1) {
      const warehouseId = `whs_${place}`;
      const onHand = random.whole(0, 2) + (place === 1 ? 1 : 0);
      const key = levelKey({ offerId, warehouseId });
      tables.levels.rows.set(key, { id: `lvl_${key}`, offerId, warehouseId, onHand, reserved: 0, version: 1 });
      const movement = { id: `mov_${key}`, offerId, warehouseId, onHandDelta: onHand, reservedDelta: 0 };
      tables.movements.rows.set(movement.id, { ...movement, reason: 'RECEIPT' });
      stock.set(offerId, (stock.get(offerId) ?? 0) + onHand);
    }
  }
  return stock;
}

/** So many slots of a deal, as `catalog.allowanceSet` has made them. */
function allow({ offers, levels, movements }: InventoryTables, dealId: string, slots: number): number {
  const warehouseId = ALLOWANCE_PLACE;
  const allowance = { allowed: slots, granted: slots, sequence: 1 };
  const nothing = { vendorId: null, sku: '', variantId: '', lowStockThreshold: 5 };
  offers.rows.set(dealId, { offerId: dealId, ...nothing, sequence: 1, allowance });
  const key = levelKey({ offerId: dealId, warehouseId });
  levels.rows.set(key, { id: `lvl_${key}`, offerId: dealId, warehouseId, onHand: slots, reserved: 0, version: 1 });
  const movement = { id: `mov_${key}`, offerId: dealId, warehouseId, onHandDelta: slots, reservedDelta: 0 };
  movements.rows.set(movement.id, { ...movement, reason: 'ADJUSTMENT' });
  return slots;
}

function drawLines({ random, quotes }: World): { offerId: string; quantity: number }[] {
  const offerIds = [...quotes.keys()];
  const first = random.pick(offerIds);
  const others = offerIds.filter((offerId) => offerId !== first && random.chance(0.3));
  return [first, ...others].map((offerId) => ({ offerId, quantity: random.whole(1, 2) }));
}
