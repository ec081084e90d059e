import {
  type FloorOfferFragment,
  ShopFloorDayDocument,
  type ShopFloorDayQueryVariables,
  ShopFloorDocument,
  ShopFloorSalesDocument,
  ShopFloorViewerDocument,
} from '@marketgraph/schema/generated/operations';
import { PARTS, type PartSales, partAt, rangeOfDay, rangeOfPart, type SalesOfDay } from './day-sales.ts';
import { ask } from './graph.ts';
import { type FloorOrder, MAX_ORDERS } from './order-board.ts';

export interface Shop {
  id: string;
  name: string;
}

/** The shop of the one who is signed in. */
export async function shopOfViewer(accessToken: string): Promise<Shop | undefined> {
  const { data } = await ask(ShopFloorViewerDocument, {}, accessToken);
  const vendor = data.me?.vendor;
  return vendor ? { id: vendor.id, name: vendor.businessName } : undefined;
}

export interface Lists {
  orders: readonly FloorOrder[];
  levels: readonly { offer: FloorOfferFragment; available: number }[];
  isWhole: boolean;
}

/** Offers of each kind: those that are low, and those that are for sale. */
const OFFERS = 40;

export async function listsOf(vendorId: string, accessToken: string): Promise<Lists> {
  const { data, isWhole } = await ask(ShopFloorDocument, { vendorId, orders: MAX_ORDERS, offers: OFFERS }, accessToken);
  const forSale = (data.vendor?.offers?.edges ?? []).flatMap(({ node }) =>
    node.availability ? [{ offer: node, available: node.availability.available }] : [],
  );
  return {
    orders: (data.vendor?.orders?.edges ?? []).map(({ node }) => node),
    levels: [...forSale, ...(data.vendor?.lowStockOffers ?? [])],
    isWhole,
  };
}

/** The whole day, every part of it. */
export async function salesOfDay(vendorId: string, now: Date, accessToken: string): Promise<SalesOfDay | undefined> {
  const current = partAt(now);
  const start = await ask(
    ShopFloorSalesDocument,
    { vendorId, day: rangeOfDay(now), part: rangeOfPart(now, current) },
    accessToken,
  );
  const day = start.data.vendor?.day;
  if (!day) return undefined;
  const ranges = Object.fromEntries(Array.from({ length: PARTS }, (_, part) => [`p${part}`, rangeOfPart(now, part)]));
  const { data } = await ask(
    ShopFloorDayDocument,
    { vendorId, currency: day.grossSales.currencyCode, ...ranges } as ShopFloorDayQueryVariables,
    accessToken,
  );
  const found = data.vendor as Record<string, unknown> | null;
  const none: PartSales = { orderCount: 0, grossSales: { ...day.grossSales, amount: 0 } };
  const parts = Array.from({ length: PARTS }, (_, part) => (found?.[`p${part}`] as PartSales | null) ?? none);
  return { day, parts, current };
}

/** The same, when only the part that is now can have changed. */
export async function salesAgain(
  vendorId: string,
  before: SalesOfDay,
  now: Date,
  accessToken: string,
): Promise<SalesOfDay | undefined> {
  const current = partAt(now);
  const { currencyCode } = before.day.grossSales;
  // The first sale of a day decides its currency, and the part before may have had a last sale: both are read anew.
  if (current !== before.current || before.day.orderCount === 0) return salesOfDay(vendorId, now, accessToken);
  const { data } = await ask(
    ShopFloorSalesDocument,
    { vendorId, day: rangeOfDay(now), part: rangeOfPart(now, current), currency: currencyCode },
    accessToken,
  );
  const { day, part } = data.vendor ?? {};
  if (!day || !part) return undefined;
  return { day, parts: before.parts.map((sales, at) => (at === current ? part : sales)), current };
}
