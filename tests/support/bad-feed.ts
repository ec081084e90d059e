export interface BadFeed {
  /** NDJSON. */
  text: string;
  rows: number;
  /** By line: what the reason must say. */
  bad: ReadonlyMap<number, RegExp>;
  /** SKUs of rows that are right. */
  good: readonly string[];
}

type Row = Record<string, unknown>;

/** What a real feed gets wrong, one kind after another, and how its vendor must be told. */
const MISTAKES: readonly { spoil(row: Row): string; says: RegExp }[] = [
  { spoil: (row) => JSON.stringify(row).slice(0, -5), says: /JSON/i },
  { spoil: ({ title: _, ...row }) => JSON.stringify(row), says: /title is missing/i },
  { spoil: ({ price: _, ...row }) => JSON.stringify(row), says: /price is missing/i },
  { spoil: (row) => JSON.stringify({ ...row, price: '12,50' }), says: /price/i },
  { spoil: (row) => JSON.stringify({ ...row, price: -1 }), says: /price/i },
  { spoil: (row) => JSON.stringify({ ...row, currency: 'EURO' }), says: /currency/i },
  { spoil: ({ category: _, ...row }) => JSON.stringify(row), says: /category is missing/i },
  { spoil: (row) => JSON.stringify({ ...row, imageUrl: 'javascript:alert(1)' }), says: /web address/i },
  { spoil: (row) => JSON.stringify({ ...row, sku: 'FEED-00000' }), says: /line 1 already/i },
  { spoil: (row) => JSON.stringify({ ...row, description: 'x'.repeat(70_000) }), says: /long|characters/i },
  { spoil: () => '[1, 2, 3]', says: /not an object/i },
  { spoil: (row) => JSON.stringify({ ...row, attributes: 'black' }), says: /attributes/i },
];

/** A feed in which every `every`th row is wrong in one of these ways. */
export function badFeed(rows: number, every: number): BadFeed {
  const bad = new Map<number, RegExp>();
  const good: string[] = [];
  const lines = Array.from({ length: rows }, (_, index) => {
    const sku = `FEED-${String(index).padStart(5, '0')}`;
    const row: Row = {
      sku,
      title: `Feed product ${index}`,
      description: 'One of ten thousand.',
      brand: `Brand ${index % 20}`,
      category: ['Feed', `Shelf ${index % 5}`],
      price: (1 + (index % 500) / 100).toFixed(2),
      currency: 'EUR',
    };
    if (index === 0 || index % every !== 0) {
      good.push(sku);
      return JSON.stringify(row);
    }
    const { spoil, says } = MISTAKES[(index / every) % MISTAKES.length]!;
    bad.set(index + 1, says);
    return spoil(row);
  });
  return { text: `${lines.join('\n')}\n`, rows, bad, good };
}
