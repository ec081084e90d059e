import { changeCart } from '../../subgraphs/orders/src/commands/change-cart.ts';
import { completeCheckout } from '../../subgraphs/orders/src/commands/complete-checkout.ts';
import { type CheckoutAnswer, startCheckout } from '../../subgraphs/orders/src/commands/start-checkout.ts';
import type { Services } from '../../subgraphs/orders/src/commands/services.ts';
import { addLines, newCart, removeLines, setAddresses } from '../../subgraphs/orders/src/domain/cart.ts';
import type { Actor } from './world/scheduler.ts';
import { RESERVATION_TTL_S } from './world/services.ts';
import type { World } from './world/world.ts';

const BERLIN = {
  name: 'Ada Kauf',
  company: null,
  line1: 'Hauptstr. 1',
  line2: null,
  city: 'Berlin',
  region: null,
  postalCode: '10115',
  countryCode: 'DE',
  phone: null,
};
const CLIENT_TIMEOUT_MS = 8_000;
const MAX_ASKS = 4;
const MAX_CHECKOUTS = 3;

/** What a buyer was told, to be held against what is true in the end. */
export interface Told {
  buyerId: string;
  /** The orders one idempotency key was answered with. */
  ordersByKey: Map<string, Set<string>>;
  /** Orders the buyer was told are confirmed. */
  confirmed: Set<string>;
}

/** A buyer with a cart: starts, pays or not, completes or closes the tab, changes their mind, asks twice, in seeded measure. */
export class Buyer {
  readonly actor: Actor;
  readonly told: Told;
  isDone = false;
  readonly #cartId: string;

  constructor(
    readonly world: World,
    readonly index: number,
  ) {
    this.actor = { name: `buyer-${index}`, isAlive: true };
    this.told = { buyerId: world.ids.next('usr'), ordersByKey: new Map(), confirmed: new Set() };
    this.#cartId = world.ids.next('crt');
  }

  fillCart(lines: readonly { offerId: string; quantity: number }[]): void {
    const { world, told } = this;
    const now = new Date(world.scheduler.now);
    const empty = newCart({ id: this.#cartId, token: null, buyerId: told.buyerId, now });
    const added = addLines(empty, lines, { quotes: world.quotes, nextLineId: () => world.ids.next('cln') });
    const addressed = added.ok && setAddresses(added.value, { shipping: BERLIN });
    if (!addressed || !addressed.ok) throw new Error('A cart of a schedule can be filled.');
    world.carts.documents.set(this.#cartId, { ...addressed.value, version: 1 });
  }

  begin(delayMs: number): void {
    this.world.scheduler.at(delayMs, this.actor, () => {
      void this.#shop().then(() => (this.isDone = true));
    });
  }

  async #shop(): Promise<void> {
    const { random } = this.world;
    for (let checkout = 1; checkout <= MAX_CHECKOUTS; checkout += 1) {
      const answer = await this.#start(`start-${checkout}`);
      if (!answer?.record) {
        // Sold out, or nobody answers: some ask again later.
        if (random.chance(0.4)) return;
        await this.#pause(random.between(500, 1_000 * RESERVATION_TTL_S));
        continue;
      }
      if (random.chance(0.12)) await this.#editCart();
      const secret = answer.clientSecret;
      if (!secret) {
        if (random.chance(0.4)) return;
        await this.#pause(random.between(500, 5_000));
        continue;
      }
      if (random.chance(0.12)) return; // Never pays.
      await this.#think();
      const reference = secret.split('_secret_')[0]!;
      const outcome = random.chance(0.15) ? 'declined' : 'accepted';
      this.world.say(`${outcome} ${reference}`);
      this.world.provider.confirm(reference, outcome);
      if (outcome === 'declined' && random.chance(0.4)) {
        // Another card, at once: the first refusal is still on its way to us.
        await this.#pause(random.between(10, 3_000));
        this.world.provider.confirm(reference, 'accepted');
      }
      if (random.chance(0.35)) return; // Closes the tab: the webhook must do.
      const completed = await this.#complete(answer, `complete-${checkout}`);
      const isOver = !completed || completed.rejections.length === 0;
      if (isOver || random.chance(0.5)) return;
    }
  }

  /** Mostly quick; sometimes the reservation ends in the same moments. */
  #think(): Promise<void> {
    const { random } = this.world;
    const late = 1_000 * RESERVATION_TTL_S;
    return this.#pause(random.chance(0.25) ? random.between(late - 4_000, late + 3_000) : random.between(50, 4_000));
  }

  async #start(key: string): Promise<CheckoutAnswer | undefined> {
    const ask = (services: Services) =>
      startCheckout(services, {
        cartId: this.#cartId,
        buyerId: this.told.buyerId,
        idempotencyKey: key,
        cause: { actorId: this.told.buyerId },
      });
    const isDouble = this.world.random.chance(0.2);
    const [answer] = await Promise.all([this.#insist('start', ask), isDouble ? this.#insist('start', ask) : undefined]);
    if (answer?.record) {
      const { orderId, idempotencyKey } = answer.record;
      // A cart in checkout answers another key with the checkout that is running.
      if (idempotencyKey === key) {
        const known = this.told.ordersByKey.get(key) ?? new Set();
        this.told.ordersByKey.set(key, known.add(orderId));
      }
    }
    return answer;
  }

  async #complete({ record }: CheckoutAnswer, key: string): Promise<CheckoutAnswer | undefined> {
    const { paymentId, draft } = record!;
    if (!paymentId) return undefined;
    const answer = await this.#insist('complete', (services) =>
      completeCheckout(services, {
        cartId: this.#cartId,
        paymentId,
        expectedTotal: draft.total,
        buyerId: this.told.buyerId,
        idempotencyKey: key,
        cause: { actorId: this.told.buyerId },
      }),
    );
    const status = answer?.record?.state.status;
    if (status === 'CLEARING_CART' || status === 'COMPLETED') this.told.confirmed.add(answer!.record!.orderId);
    return answer;
  }

  async #editCart(): Promise<void> {
    const { random } = this.world;
    await this.#pause(random.between(0, 2_000));
    await this.#insist('edit', (services) =>
      changeCart(services, {
        cartId: this.#cartId,
        user: { userId: this.told.buyerId },
        cause: { actorId: this.told.buyerId },
        decide: (cart) => {
          const [first, ...others] = cart.lines;
          if (first && others.length > 0) return removeLines(cart, [first.id]);
          return addLines(cart, [{ offerId: first!.offerId, quantity: 1 }], {
            quotes: this.world.quotes,
            nextLineId: () => this.world.ids.next('cln'),
          });
        },
      }),
    );
  }

  /** As a client does: the same request again when no answer came, then no more. */
  async #insist<T>(what: string, work: (services: Services) => Promise<T>): Promise<T | undefined> {
    const { network, random } = this.world;
    for (let ask = 1; ask <= MAX_ASKS; ask += 1) {
      try {
        const target = () => this.world.copyOf('orders');
        const answer = await network.call({ what, target, timeoutMs: CLIENT_TIMEOUT_MS }, work);
        this.world.say(`${what} answered`);
        return answer;
      } catch (error) {
        this.world.say(`${what}: ${String(error)}`);
        await this.#pause(random.between(200, 3_000));
      }
    }
    return undefined;
  }

  #pause(ms: number): Promise<void> {
    const { scheduler } = this.world;
    return new Promise((resolve) => {
      scheduler.at(ms, this.actor, resolve);
    });
  }
}
