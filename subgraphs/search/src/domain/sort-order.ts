export type SortName = 'RELEVANCE' | 'PRICE_ASC' | 'PRICE_DESC' | 'RATING' | 'NEWEST' | 'POPULARITY';

/** The index's `sort_by`. It takes three keys; what is alike in all stays in the order of the index. */
export function toSortBy(sort: SortName, { hasWords, currency }: { hasWords: boolean; currency: string }): string {
  const price = (direction: 'asc' | 'desc') => `price_${currency}(missing_values: last):${direction}`;
  switch (sort) {
    case 'RELEVANCE':
      return hasWords ? '_text_match:desc,popularity:desc,rating:desc' : 'popularity:desc,rating:desc,createdAt:desc';
    case 'PRICE_ASC':
      return `${price('asc')},popularity:desc`;
    case 'PRICE_DESC':
      return `${price('desc')},popularity:desc`;
    case 'RATING':
      return 'rating:desc,ratingCount:desc,popularity:desc';
    case 'NEWEST':
      return 'createdAt:desc,popularity:desc';
    case 'POPULARITY':
      return 'popularity:desc,rating:desc,createdAt:desc';
  }
}
