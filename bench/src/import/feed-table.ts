const WORDS = 'brass linen dimmable walnut marble tripod globe shade glass bulb warm steel'.split(' ');

/** A table as a vendor's tool writes it; the same for the same prefix. */
export function feedTable(rows: number, prefix: string): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const title = `${WORDS[index % 12]} ${WORDS[(index * 7) % 12]} thing, number ${index}`;
    const price = `${10 + (index % 90)}.${String(index % 100).padStart(2, '0')}`;
    const category = `Shelf ${index % 7} > Board ${index % 20}`;
    return `${prefix}-${index},"${title}",A sentence that says what it is and what for.,Brand ${index % 50},${category},${price}`;
  });
  return ['sku,title,description,brand,category,price', ...lines].join('\n');
}
