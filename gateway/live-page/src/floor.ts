import { untilTomorrowMs, type SalesOfDay } from './day-sales.ts';
import { byId } from './element.ts';
import { Feeds, type FeedsState, type OrderEvent, type StockEvent } from './feeds.ts';
import { GraphProblem } from './graph.ts';
import { announcementOf, beginDay, showOrders, showStock } from './lists-view.ts';
import { type FloorOrder, OrderBoard } from './order-board.ts';
import { retryDelayMs } from './retry-delay.ts';
import { showSales } from './sales-view.ts';
import { listsOf, salesAgain, salesOfDay, type Shop } from './shop-data.ts';
import { StockBoard } from './stock-board.ts';
import { Upkeep } from './upkeep.ts';

export interface FloorPort {
  accessToken(): Promise<string>;
  onState(state: FeedsState): void;
  onSessionRefused(): void;
}

/** Events of one burst are drawn together. */
const DRAW_MS = 50;
/** Sales are asked for at most so often, however many orders come. */
const SALES_MS = 1_000;

const notice = byId('notice', HTMLElement);
const announcements = byId('announcements', HTMLElement);

/** One vendor's page while it is watched: its boards, what keeps them current, and how they are drawn. */
export class Floor {
  readonly #orders = new OrderBoard();
  readonly #stock = new StockBoard();
  readonly #feeds: Feeds;
  readonly #lists: Upkeep;
  readonly #sales: Upkeep;
  #day: SalesOfDay | undefined;
  #isWholeDay = true;
  #arrived: FloorOrder[] = [];
  /** The page has shown all there was when it was opened: what a list has beside that came since. */
  #isListed = false;
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #tomorrow: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shop: Shop,
    private readonly port: FloorPort,
  ) {
    this.#feeds = new Feeds({
      vendorId: shop.id,
      accessToken: () => port.accessToken(),
      onOrder: (event) => this.#onOrder(event),
      onStock: (event) => this.#onStock(event),
      onSnapshot: () => {
        this.#lists.due();
        this.#wholeDay();
      },
      onState: (state) => {
        port.onState(state);
        // What the feed resumes with may have changed the day; without an order in it nobody would ask.
        if (state === 'live') this.#wholeDay();
      },
      onSessionRefused: () => port.onSessionRefused(),
      onForbidden: (message) => this.#tell(message),
    });
    const retryMs = (failures: number) => retryDelayMs(failures + 2);
    this.#lists = new Upkeep({
      run: () => this.#readLists(),
      pauseMs: 0,
      retryMs,
      onFailure: (e) => this.#onFailure(e),
    });
    this.#sales = new Upkeep({
      run: () => this.#readSales(),
      pauseMs: SALES_MS,
      retryMs,
      onFailure: (e) => this.#onFailure(e),
    });
  }

  open(): void {
    this.#draw();
    this.#feeds.start();
    // The feeds tell when they begin; lists that are asked for now are here before.
    this.#lists.due();
    this.#awaitTomorrow();
  }

  /** Goes on over another socket, behind what was seen. */
  resume(): void {
    this.#feeds.restart();
    this.#lists.retry();
    this.#sales.retry();
  }

  close(): void {
    this.#feeds.stop();
    this.#lists.stop();
    this.#sales.stop();
    clearTimeout(this.#drawing);
    clearTimeout(this.#tomorrow);
  }

  #onOrder({ kind, vendorOrder }: OrderEvent): void {
    if (!vendorOrder) return;
    const isNew = this.#orders.put(vendorOrder);
    if (kind === 'LIVE') {
      this.#sales.due();
      if (isNew) this.#arrived.push(vendorOrder);
    }
    this.#soon();
  }

  #onStock({ offer, available, previousAvailable }: StockEvent): void {
    this.#stock.move(offer, available, previousAvailable);
    this.#soon();
  }

  async #readLists(): Promise<void> {
    const { moves } = this.#stock;
    const { orders, levels, isWhole } = await listsOf(this.shop.id, await this.port.accessToken());
    const found = this.#orders.merge(orders);
    if (this.#isListed) this.#arrived.push(...found);
    this.#isListed ||= isWhole;
    this.#stock.merge(levels, moves);
    this.#soon();
    // What there is, is shown; the rest is asked for again.
    if (!isWhole) throw new GraphProblem('PARTIAL', 'A part of the lists is missing.');
  }

  async #readSales(): Promise<void> {
    const isWhole = this.#isWholeDay || !this.#day;
    this.#isWholeDay = false;
    try {
      const token = await this.port.accessToken();
      const sales = isWhole
        ? await salesOfDay(this.shop.id, new Date(), token)
        : await salesAgain(this.shop.id, this.#day!, new Date(), token);
      if (!sales) return;
      this.#day = sales;
      showSales(sales);
    } catch (error) {
      this.#isWholeDay = true;
      throw error;
    }
  }

  #wholeDay(): void {
    this.#isWholeDay = true;
    this.#sales.due();
  }

  #awaitTomorrow(): void {
    this.#tomorrow = setTimeout(
      () => {
        this.#wholeDay();
        beginDay();
        this.#soon();
        this.#awaitTomorrow();
      },
      untilTomorrowMs(new Date()) + 1_000,
    );
  }

  #onFailure(error: unknown): void {
    if (error instanceof GraphProblem && error.code === 'UNAUTHENTICATED') this.port.onSessionRefused();
  }

  #tell(message: string): void {
    notice.textContent = message;
    notice.hidden = message === '';
  }

  #soon(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#draw();
    }, DRAW_MS);
  }

  #draw(): void {
    showOrders(this.#orders, this.#arrived);
    showStock(this.#stock);
    if (this.#arrived.length > 0) announcements.textContent = announcementOf(this.#arrived);
    this.#arrived = [];
  }
}
