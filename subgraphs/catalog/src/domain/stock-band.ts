/** Stock as ranking needs it. UNKNOWN until inventory has told anything. */
export type StockBand = 'IN_STOCK' | 'LOW' | 'OUT' | 'UNKNOWN';

export function stockBand({
  available,
  lowStockThreshold,
}: {
  available: number;
  lowStockThreshold: number;
}): StockBand {
  if (available <= 0) return 'OUT';
  return available <= lowStockThreshold ? 'LOW' : 'IN_STOCK';
}
