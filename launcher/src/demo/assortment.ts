import type { Random } from './random.ts';

export interface DemoCategory {
  slug: string;
  name: string;
  parent: string | null;
  /** Of its products: what they are called and what they cost, in cents. */
  kinds?: readonly string[];
  price?: readonly [low: number, high: number];
}

export interface DemoVendor {
  email: string;
  name: string;
  handle: string;
  city: string;
  countryCode: string;
}

export interface DemoProduct {
  sku: string;
  title: string;
  description: string;
  brand: string;
  category: string;
  /** Cents. */
  priceMinor: number;
  attributes: Record<string, string | number>;
}

export const categories: readonly DemoCategory[] = [
  { slug: 'home', name: 'Home', parent: null },
  {
    slug: 'lamps',
    name: 'Lamps',
    parent: 'home',
    kinds: ['Desk lamp', 'Floor lamp', 'Pendant lamp', 'Reading lamp'],
    price: [1_900, 24_900],
  },
  {
    slug: 'kitchen',
    name: 'Kitchen',
    parent: 'home',
    kinds: ['Kettle', 'Teapot', 'Skillet', 'Coffee mill'],
    price: [1_200, 18_900],
  },
  {
    slug: 'textiles',
    name: 'Textiles',
    parent: 'home',
    kinds: ['Wool blanket', 'Cushion', 'Bath towel', 'Curtain'],
    price: [900, 12_900],
  },
  { slug: 'electronics', name: 'Electronics', parent: null },
  {
    slug: 'audio',
    name: 'Audio',
    parent: 'electronics',
    kinds: ['Headphones', 'Loudspeaker', 'Radio', 'Turntable'],
    price: [2_900, 79_900],
  },
  {
    slug: 'phones',
    name: 'Phones',
    parent: 'electronics',
    kinds: ['Phone', 'Phone case', 'Charger', 'Power bank'],
    price: [900, 99_900],
  },
  { slug: 'outdoor', name: 'Outdoor', parent: null },
  {
    slug: 'camping',
    name: 'Camping',
    parent: 'outdoor',
    kinds: ['Tent', 'Sleeping bag', 'Camping stove', 'Lantern'],
    price: [1_900, 49_900],
  },
  {
    slug: 'cycling',
    name: 'Cycling',
    parent: 'outdoor',
    kinds: ['Bicycle bell', 'Pannier', 'Helmet', 'Bicycle pump'],
    price: [700, 15_900],
  },
  { slug: 'office', name: 'Office', parent: null },
  {
    slug: 'stationery',
    name: 'Stationery',
    parent: 'office',
    kinds: ['Notebook', 'Fountain pen', 'Desk pad', 'Paper tray'],
    price: [300, 9_900],
  },
];

export const attributeSchema = [
  { key: 'colour', label: 'Colour', type: 'string', isFacet: true, isVariantAxis: false, required: false },
  { key: 'material', label: 'Material', type: 'string', isFacet: true, isVariantAxis: false, required: false },
  { key: 'weight', label: 'Weight', type: 'number', unit: 'g', isFacet: false, isVariantAxis: false, required: false },
];

const PLACES = ['North', 'South', 'East', 'West', 'Harbour', 'Hill', 'River', 'Forest', 'Meadow', 'Island'];
const TRADES = ['Traders', 'Works'];
const CITIES: readonly (readonly [string, string])[] = [
  ['Berlin', 'DE'],
  ['Hamburg', 'DE'],
  ['Vienna', 'AT'],
  ['Lyon', 'FR'],
  ['Utrecht', 'NL'],
];
const COLOURS = ['black', 'white', 'brass', 'blue', 'green', 'red'];
const MATERIALS = ['oak', 'steel', 'linen', 'copper', 'glass', 'leather', 'bamboo', 'wool'];
const LINES = ['Classic', 'Studio', 'Travel', 'Compact', 'Heritage', 'Nova', 'Atlas', 'Lumen', 'Orbit', 'Tide'];

/** Twenty shops; the first two have the accounts the banner names. */
export function demoVendors(named: readonly string[]): DemoVendor[] {
  return PLACES.flatMap((place) => TRADES.map((trade) => `${place} ${trade}`)).map((name, index) => {
    const [city, countryCode] = CITIES[index % CITIES.length]!;
    return {
      email: named[index] ?? `vendor-${String(index + 1).padStart(2, '0')}@demo.example`,
      name,
      handle: name.toLowerCase().replaceAll(' ', '-'),
      city,
      countryCode,
    };
  });
}

export function demoProducts(vendor: DemoVendor, count: number, random: Random): DemoProduct[] {
  const shelves = categories.filter(({ kinds }) => kinds);
  return Array.from({ length: count }, (_, index) => {
    const { slug, kinds = [], price = [1_000, 2_000] } = random.pick(shelves);
    const kind = random.pick(kinds);
    const line = random.pick(LINES);
    const material = random.pick(MATERIALS);
    const colour = random.pick(COLOURS);
    return {
      sku: `${vendor.handle.toUpperCase()}-${String(index + 1).padStart(3, '0')}`,
      title: `${line} ${kind.toLowerCase()} ${index + 1}, ${colour} ${material}`,
      description: `${kind} of ${material} in ${colour}, from the ${line} line by ${vendor.name}.`,
      brand: `${vendor.name.split(' ')[0]} ${line}`,
      category: slug,
      priceMinor: price[0] + Math.round(random.below(price[1] - price[0]) / 100) * 100,
      attributes: { colour, material, weight: 50 + random.below(4_000) },
    };
  });
}
