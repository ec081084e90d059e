import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTypesenseEmulator, type TypesenseEmulator } from '@marketgraph/emulator-typesense';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typesenseIndex } from '../src/clients/search-index.ts';
import { fill, measureQuality, type Quality } from './quality/measure.ts';
import { readProducts } from './quality/products-file.ts';

let folder: string;
let emulator: TypesenseEmulator;
let quality: Quality;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'search-quality-'));
  emulator = await startTypesenseEmulator({ apiKey: 'quality' });
  const file = join(folder, 'products.ndjson');
  await writeFile(file, titles().map(toLine).join('\n'));
  const index = typesenseIndex({ url: emulator.url, apiKey: 'quality' });
  const products = await readProducts(file);
  await fill(index, products);
  quality = await measureQuality(index, products, { words: 260, items: 200 });
});
afterAll(async () => {
  await emulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('what a search finds', () => {
  it('S3 is a product with the word that was meant, among the first ten, for 95 of 100 slips', () => {
    expect(quality.oneTypo.asked).toBeGreaterThanOrEqual(200);
    expect(quality.oneTypo.recallAt10, JSON.stringify(quality.oneTypo.missed)).toBeGreaterThanOrEqual(0.95);
  });

  it('S3 is one for four of five words with two slips', () => {
    expect(quality.twoTypos.asked).toBeGreaterThanOrEqual(200);
    expect(quality.twoTypos.recallAt10, JSON.stringify(quality.twoTypos.missed)).toBeGreaterThanOrEqual(0.8);
  });

  it('S3 names the word that was meant for nine of ten slips, and corrects nothing that was right', () => {
    expect(quality.oneTypo.corrected).toBeGreaterThanOrEqual(0.9);
    expect(quality.knownItems.corrected).toBe(1);
  });

  it('S9 is the product whose title says what was asked', () => {
    expect(quality.knownItems.asked).toBe(200);
    expect(quality.knownItems.meanReciprocalRank, JSON.stringify(quality.knownItems.missed)).toBeGreaterThanOrEqual(
      0.8,
    );
  });
});

describe('a file of products', () => {
  it('that has a line which is none is refused with its number', async () => {
    const file = join(folder, 'broken.ndjson');
    await writeFile(file, '{"name":"Lamp"}\n{"price":1}\n');
    await expect(readProducts(file)).rejects.toThrow('line 2');
  });
});

function toLine(name: string, at: number): string {
  return JSON.stringify({ name, brand: 'North', categories: ['Home'], price: 10 + (at % 90), popularity: at });
}

/** 400 titles of three to five words, each word in several of them. */
function titles(): string[] {
  const [adjectives, materials, things, places] = [ADJECTIVES, MATERIALS, THINGS, PLACES].map((text) =>
    text.split(/\s+/),
  );
  return Array.from({ length: 400 }, (_, at) => {
    const adjective = adjectives![at % adjectives!.length]!;
    const material = materials![(at * 7 + Math.floor(at / adjectives!.length)) % materials!.length]!;
    const thing = things![(at * 11 + Math.floor(at / materials!.length)) % things!.length]!;
    const place = places![(Math.floor(at / 2) * 7) % places!.length]!;
    return at % 2 === 0 ? `${adjective} ${material} ${thing} - ${place}/Set` : `${adjective} ${material} ${thing}`;
  });
}

const ADJECTIVES = `Portable Wireless Folding Vintage Compact Handmade Striped Quilted Polished Brushed Electric Magnetic
Thermal Insulated Adjustable Stackable Reversible Washable Outdoor Miniature Luxury Classic Modern Rustic Curved Padded
Glazed Woven Knitted Printed Tufted Hammered Engraved Painted Waxed Ribbed Perforated Weighted Cordless Rotating Floating
Hanging Mounted Sliding Nesting Expanding Scented Heated Cooling Silent`;
const MATERIALS = `Walnut Copper Linen Ceramic Leather Bamboo Velvet Crystal Marble Sheepskin Silicone Cotton Granite Porcelain
Aluminium Titanium Cashmere Merino Rattan Wicker Concrete Graphite Mahogany Maple Birch Cedar Chestnut Ebony Juniper Larch
Canvas Denim Fleece Flannel Corduroy Chiffon Damask Jacquard Muslin Organza Pewter Bronze Brass Nickel Cobalt Chrome Quartz
Slate Terracotta Enamel`;
const THINGS = `Kettle Tablecloth Helmet Headphones Teapot Notebook Shears Machine Backpack Toothbrush Tripod Guitar Armchair
Decanter Projector Slippers Trousers Candle Compass Spatula Basket Blanket Scooter Lantern Cushion Curtain Drawer Dresser
Easel Envelope Faucet Funnel Goblet Grinder Hammock Hanger Hourglass Humidifier Jacket Journal Keyboard Ladder Lunchbox
Mattress Microscope Mirror Mortar Napkin Necklace Ottoman Paddle Parasol Pendant Pillow Pitcher Planter Platter Puzzle
Quiver Racket Recliner Sandals Saucepan Scarf Shelf Skillet Sleeve Speaker Stool Suitcase Sundial Sweater Tankard Telescope
Thermos Toaster Towel Trellis Trumpet Turntable Umbrella Vaporizer Violin Wallet Wardrobe Whisk Whistle Windchime Wrench
Xylophone Yoyo Zipper Bracelet Binoculars Bookcase Bottle Bucket Cabinet Camera Carafe Chandelier`;
const PLACES = `Kitchen Garden Bedroom Bathroom Hallway Balcony Terrace Veranda Cellar Attic Garage Workshop Library Office
Nursery Pantry Laundry Basement Courtyard Greenhouse Campsite Harbour Mountain Seaside Village Festival Picnic Theatre
Museum Gallery Airport Station Stadium Orchard Vineyard Meadow Forest Island Canyon Prairie`;
