import type { CostWeights } from './operation-cost.ts';

/**
 * What costs more than the objects it returns: it searches, sums up, hashes a
 * password, or lists without pages. A field that is renamed fails a test of this file.
 */
export const costWeights: CostWeights = {
  mutation: 10,
  listSize: 5,
  fields: {
    'Query.searchProducts': 50,
    'Query.searchSuggest': 10,
    'Query.trending': 10,
    'Query.categories': 50,
    'Query.auditLog': 20,
    'Query.moderationQueue': 10,
    'Query.marketplaceSummary': 100,
    'Query.inventoryDrift': 100,
    'Query.ledgerAccounts': 50,
    'Query.commissionRules': 20,
    'Vendor.salesSummary': 50,
    'Vendor.lowStockOffers': 10,
    'Product.related': 10,
    'Product.alsoBought': 10,
    'User.recommendations': 10,
    'Mutation.login': 50,
    'Mutation.register': 50,
    'Mutation.inventoryReconcile': 100,
    'Mutation.catalogImportStart': 200,
    'Mutation.searchReindex': 500,
  },
};
