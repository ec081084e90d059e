/** An entity that `node(id)` can find: its type, and the subgraph that says whether it is there for this viewer. */
export interface NodeType {
  prefix: string;
  type: string;
  owner: string;
}

const owned = (owner: string, types: Readonly<Record<string, string>>): NodeType[] =>
  Object.entries(types).map(([prefix, type]) => ({ prefix, type, owner }));

/** Every prefix of an id and what it stands for. Which of them exist, the composed graph says. */
export const nodeTypes: readonly NodeType[] = [
  ...owned('accounts', {
    usr: 'User',
    adr: 'SavedAddress',
    org: 'Organization',
    mem: 'Membership',
    ven: 'Vendor',
    whk: 'WebhookEndpoint',
    whd: 'WebhookDelivery',
    ntf: 'Notification',
    aud: 'AuditLogEntry',
    drq: 'DataRequest',
    cnv: 'Conversation',
    msg: 'Message',
  }),
  ...owned('catalog', {
    prd: 'Product',
    var: 'ProductVariant',
    off: 'Offer',
    cat: 'Category',
    prl: 'PriceList',
    prm: 'Promotion',
    dea: 'LightningDeal',
    imp: 'CatalogImport',
  }),
  ...owned('inventory', { whs: 'Warehouse', lvl: 'StockLevel', rsv: 'Reservation' }),
  ...owned('orders', {
    crt: 'Cart',
    ord: 'Order',
    vor: 'VendorOrder',
    lin: 'OrderLine',
    ful: 'Fulfillment',
    ret: 'Return',
    qrq: 'QuoteRequest',
    quo: 'Quote',
    apv: 'Approval',
    dsp: 'OrderDispute',
  }),
  ...owned('payments', {
    pay: 'Payment',
    ptx: 'PaymentTransaction',
    rfd: 'Refund',
    pac: 'PayoutAccount',
    stl: 'VendorSettlement',
    pot: 'Payout',
    lac: 'LedgerAccount',
    cmr: 'CommissionRule',
    inv: 'Invoice',
    frd: 'FraudAssessment',
  }),
  ...owned('reviews', { rev: 'Review' }),
];
