/** Where goods go to. */
export interface Destination {
  countryCode: string;
  region: string | null;
}

/** Where a warehouse is: the region it says it ships from, and its address when it has one. */
export interface Place {
  region: string;
  countryCode: string | null;
  addressRegion: string | null;
}

/** Farther away is a greater number. */
export const FARTHEST = 3;

/**
 * How far a parcel goes, as far as addresses tell: the same state, the same
 * country, the same market (no customs), or beyond.
 */
export function distanceBetween(place: Place, destination: Destination): number {
  const to = plain(destination.countryCode);
  const from = plain(place.countryCode) || (isCountry(place.region) ? plain(place.region) : '');
  if (from === to) {
    const region = stateOf(place.addressRegion, from);
    return region !== '' && region === stateOf(destination.region, to) ? 0 : 1;
  }
  const markets = Object.keys(MARKETS).filter((market) => MARKETS[market]!.has(to));
  const shipsFrom = (market: string) => (from === '' ? plain(place.region) === market : MARKETS[market]!.has(from));
  return markets.some(shipsFrom) ? 2 : FARTHEST;
}

/** Countries between which goods need no customs declaration, or share a carrier network. */
const MARKETS: Readonly<Record<string, ReadonlySet<string>>> = {
  EU: new Set('AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ')),
  NA: new Set(['US', 'CA', 'MX']),
};

/** "EU" has two letters too and is none. */
function isCountry(region: string): boolean {
  return /^[A-Za-z]{2}$/.test(region.trim()) && !(plain(region) in MARKETS);
}

/** "DE-BE" and "BE" are the same state of Germany. */
function stateOf(region: string | null, country: string): string {
  return plain(region).replace(`${country}-`, '');
}

function plain(text: string | null): string {
  return (text ?? '').trim().toUpperCase();
}
