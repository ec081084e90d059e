/** What a root field answers. */
export type Access =
  /** It does what it is for; that what it names does not exist is an answer too. */
  | 'yes'
  /** Null, as for an id that nothing has. */
  | 'null'
  /** A stream of something that is not there, or that is somebody else's. */
  | 'none such'
  /** The operation is theirs, this vendor is not: FORBIDDEN in `userErrors`. */
  | 'refused'
  /** FORBIDDEN: never for this role, or not this vendor's stream. */
  | 'no'
  /** UNAUTHENTICATED. */
  | 'sign in';

export type Row = readonly [nobody: Access, buyer: Access, vendor: Access, operator: Access];

/**
 * Who may use which root field. Asked by people it does not belong to: another buyer than the one whose order, cart and
 * payment are named, and a vendor who acts for neither of the shops. A new root field needs a row.
 */
export const rootFields: Readonly<Record<string, Row>> = {
  // Reads, by the ids of what there is.
  auditLog: ['sign in', 'no', 'no', 'yes'],
  me: ['null', 'yes', 'yes', 'yes'],
  user: ['null', 'null', 'null', 'yes'],
  vendor: ['yes', 'yes', 'yes', 'yes'],
  vendors: ['yes', 'yes', 'yes', 'yes'],
  organization: ['null', 'null', 'null', 'null'],
  category: ['null', 'null', 'null', 'null'],
  categories: ['yes', 'yes', 'yes', 'yes'],
  offer: ['yes', 'yes', 'yes', 'yes'],
  product: ['yes', 'yes', 'yes', 'yes'],
  activeDeals: ['yes', 'yes', 'yes', 'yes'],
  products: ['yes', 'yes', 'yes', 'yes'],
  promotion: ['null', 'null', 'null', 'null'],
  node: ['null', 'null', 'null', 'yes'],
  nodes: ['yes', 'yes', 'yes', 'yes'],
  warehouse: ['null', 'null', 'null', 'yes'],
  availability: ['yes', 'yes', 'yes', 'yes'],
  reservation: ['null', 'null', 'null', 'null'],
  inventoryDrift: ['sign in', 'no', 'no', 'yes'],
  cart: ['null', 'null', 'null', 'null'],
  abandonedCarts: ['sign in', 'no', 'no', 'yes'],
  order: ['null', 'null', 'null', 'yes'],
  orderByNumber: ['null', 'null', 'null', 'yes'],
  marketplaceSummary: ['sign in', 'no', 'no', 'yes'],
  vendorOrder: ['null', 'null', 'null', 'yes'],
  ledgerAccount: ['null', 'null', 'null', 'null'],
  ledgerAccounts: ['sign in', 'no', 'no', 'yes'],
  commissionRules: ['sign in', 'no', 'no', 'yes'],
  payment: ['null', 'null', 'null', 'yes'],
  payout: ['null', 'null', 'null', 'null'],
  review: ['null', 'null', 'null', 'null'],
  moderationQueue: ['sign in', 'no', 'no', 'yes'],
  searchIndex: ['yes', 'yes', 'yes', 'yes'],
  searchProducts: ['yes', 'yes', 'yes', 'yes'],
  searchSuggest: ['yes', 'yes', 'yes', 'yes'],
  trending: ['yes', 'yes', 'yes', 'yes'],

  // Changes, with ids that nothing has, for a vendor that is not theirs.
  profileUpdate: ['sign in', 'yes', 'yes', 'yes'],
  addressCreate: ['sign in', 'yes', 'yes', 'yes'],
  addressUpdate: ['sign in', 'yes', 'yes', 'yes'],
  addressDelete: ['sign in', 'yes', 'yes', 'yes'],
  organizationCreate: ['sign in', 'yes', 'yes', 'yes'],
  notificationPreferencesUpdate: ['sign in', 'yes', 'yes', 'yes'],
  notificationMarkRead: ['sign in', 'yes', 'yes', 'yes'],
  register: ['yes', 'yes', 'yes', 'yes'],
  login: ['yes', 'yes', 'yes', 'yes'],
  refreshSession: ['yes', 'yes', 'yes', 'yes'],
  userPrimeSet: ['sign in', 'no', 'no', 'yes'],
  vendorApply: ['sign in', 'yes', 'yes', 'yes'],
  vendorKycSubmit: ['sign in', 'yes', 'yes', 'yes'],
  vendorReview: ['sign in', 'no', 'no', 'yes'],
  vendorSuspend: ['sign in', 'no', 'no', 'yes'],
  categoryUpsert: ['sign in', 'no', 'no', 'yes'],
  mediaUploadCreate: ['sign in', 'yes', 'yes', 'yes'],
  catalogImportStart: ['sign in', 'no', 'refused', 'no'],
  offerUpsert: ['sign in', 'no', 'refused', 'no'],
  offerPriceSet: ['sign in', 'no', 'yes', 'no'],
  lightningDealSchedule: ['sign in', 'no', 'yes', 'yes'],
  lightningDealCancel: ['sign in', 'no', 'yes', 'yes'],
  productCreate: ['sign in', 'no', 'refused', 'no'],
  productUpdate: ['sign in', 'no', 'yes', 'no'],
  productSubmitForReview: ['sign in', 'no', 'yes', 'no'],
  productModerate: ['sign in', 'no', 'no', 'yes'],
  promotionUpsert: ['sign in', 'no', 'refused', 'yes'],
  productArchive: ['sign in', 'no', 'yes', 'no'],
  warehouseUpsert: ['sign in', 'no', 'refused', 'yes'],
  inventoryAdjust: ['sign in', 'no', 'yes', 'yes'],
  inventorySet: ['sign in', 'no', 'yes', 'yes'],
  inventoryTransfer: ['sign in', 'no', 'yes', 'yes'],
  inventorySyncBatch: ['sign in', 'no', 'refused', 'yes'],
  inventoryReconcile: ['sign in', 'no', 'no', 'yes'],
  cartLinesAdd: ['yes', 'yes', 'yes', 'yes'],
  cartLinesUpdate: ['yes', 'yes', 'yes', 'yes'],
  cartLinesRemove: ['yes', 'yes', 'yes', 'yes'],
  cartAddressSet: ['yes', 'yes', 'yes', 'yes'],
  cartDeliverySelect: ['yes', 'yes', 'yes', 'yes'],
  cartPromotionApply: ['yes', 'yes', 'yes', 'yes'],
  cartPromotionRemove: ['yes', 'yes', 'yes', 'yes'],
  cartMerge: ['sign in', 'yes', 'yes', 'yes'],
  checkoutStart: ['sign in', 'yes', 'yes', 'yes'],
  checkoutComplete: ['sign in', 'yes', 'yes', 'yes'],
  orderCancel: ['sign in', 'yes', 'yes', 'yes'],
  vendorOrderAccept: ['sign in', 'no', 'yes', 'no'],
  vendorOrderReject: ['sign in', 'no', 'yes', 'no'],
  fulfillmentCreate: ['sign in', 'no', 'yes', 'no'],
  fulfillmentStatusUpdate: ['sign in', 'no', 'yes', 'no'],
  commissionRuleUpsert: ['sign in', 'no', 'no', 'yes'],
  paymentSessionCreate: ['sign in', 'yes', 'yes', 'yes'],
  paymentCapture: ['sign in', 'no', 'no', 'yes'],
  paymentVoid: ['sign in', 'no', 'no', 'yes'],
  refundCreate: ['sign in', 'no', 'no', 'yes'],
  payoutRelease: ['sign in', 'no', 'no', 'yes'],
  reviewSubmit: ['sign in', 'yes', 'yes', 'yes'],
  reviewUpdate: ['sign in', 'yes', 'yes', 'yes'],
  reviewDelete: ['sign in', 'yes', 'yes', 'yes'],
  ratingsRebuild: ['sign in', 'no', 'no', 'yes'],
  reviewModerate: ['sign in', 'no', 'no', 'yes'],
  reviewReply: ['sign in', 'no', 'yes', 'no'],
  reviewVote: ['sign in', 'yes', 'yes', 'yes'],
  searchReindex: ['sign in', 'no', 'no', 'yes'],
  searchIndexRollback: ['sign in', 'no', 'no', 'yes'],
  searchEventTrack: ['yes', 'yes', 'yes', 'yes'],

  // Streams.
  notificationReceived: ['sign in', 'yes', 'yes', 'yes'],
  catalogImportProgress: ['sign in', 'none such', 'none such', 'none such'],
  priceChanged: ['yes', 'yes', 'yes', 'yes'],
  lightningDealChanged: ['none such', 'none such', 'none such', 'none such'],
  stockChanged: ['yes', 'yes', 'yes', 'yes'],
  vendorStockFeed: ['sign in', 'no', 'no', 'yes'],
  cartChanged: ['none such', 'none such', 'none such', 'none such'],
  orderStatusChanged: ['sign in', 'none such', 'none such', 'yes'],
  vendorOrderFeed: ['sign in', 'no', 'no', 'yes'],
  paymentStatusChanged: ['sign in', 'none such', 'none such', 'yes'],
  payoutFeed: ['sign in', 'no', 'no', 'yes'],
  vendorReviewFeed: ['sign in', 'no', 'no', 'yes'],
  logout: ['sign in', 'yes', 'yes', 'yes'],
};
