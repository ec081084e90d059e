const KINDS = ['Desk lamp', 'Floor lamp', 'Kettle', 'Teapot', 'Notebook', 'Backpack', 'Bicycle bell', 'Wool blanket'];
const MATERIALS = ['oak', 'steel', 'linen', 'copper', 'glass', 'leather', 'bamboo', 'wool'];

/** NDJSON for an import: the same for the same run. */
export function generatedProducts(count: number, run: string): string {
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length]!;
    const material = MATERIALS[Math.floor(index / KINDS.length) % MATERIALS.length]!;
    return JSON.stringify({
      sku: `S-${run}-${index}`,
      title: `${kind} of ${material}, model ${index}`,
      description: `A ${kind.toLowerCase()} made of ${material}. Model ${index} of this season.`,
      brand: `South ${['East', 'West', 'Coast'][index % 3]}`,
      categories: ['Story goods', kind],
      priceMinor: 990 + ((index * 37) % 9_000),
      currency: 'EUR',
    });
  }).join('\n');
}
