export const notificationTopics = [
  'order.confirmed',
  'order.paymentFailed',
  'order.shipped',
  'order.return',
  'product.moderated',
] as const;
export type NotificationTopic = (typeof notificationTopics)[number];

export const notificationChannels = ['EMAIL', 'IN_APP'] as const;
export type NotificationChannel = (typeof notificationChannels)[number];

export interface NotificationPreferences {
  channels: NotificationChannel[];
  mutedTopics: string[];
}

/** What somebody is to be told, before it is known how they want to hear of it. */
export interface Notice {
  userId: string;
  topic: NotificationTopic;
  title: string;
  body: string;
  subjectId: string;
  /** Two notices of a user with the same key are one. */
  onceKey: string;
}

export function channelsFor(topic: string, preferences: NotificationPreferences): NotificationChannel[] {
  return preferences.mutedTopics.includes(topic) ? [] : [...new Set(preferences.channels)];
}

export function orderConfirmedNotice(order: { orderId: string; buyerId: string; number: string }): Notice {
  return {
    userId: order.buyerId,
    topic: 'order.confirmed',
    title: `Order ${order.number} is confirmed`,
    body: `Thank you. Your order ${order.number} is paid and its vendors are preparing it.`,
    subjectId: order.orderId,
    onceKey: `order.confirmed:${order.orderId}`,
  };
}

export function paymentFailedNotice(order: { orderId: string; buyerId: string; message: string }): Notice {
  return {
    userId: order.buyerId,
    topic: 'order.paymentFailed',
    title: 'Your order did not go through',
    body: `${order.message} Nothing was charged.`,
    subjectId: order.orderId,
    onceKey: `order.paymentFailed:${order.orderId}`,
  };
}

export function shippedNotice(part: {
  orderId: string;
  buyerId: string;
  vendorOrderId: string;
  status: string;
}): Notice {
  const isPart = part.status === 'PARTIALLY_SHIPPED';
  return {
    userId: part.buyerId,
    topic: 'order.shipped',
    title: isPart ? 'A part of your order is on its way' : 'Your order is on its way',
    body: isPart ? 'The vendor has shipped the first parcel of your order.' : 'The vendor has shipped your order.',
    subjectId: part.orderId,
    // One for the first parcel and one for the last, per vendor.
    onceKey: `order.shipped:${part.vendorOrderId}:${part.status}`,
  };
}

/** What the buyer is told of a return that somebody else has moved. */
const TOLD_TO_BUYER: Readonly<Record<string, { title: string; body: string }>> = {
  APPROVED: { title: 'Your return is approved', body: 'Please send the goods and tell us the tracking number.' },
  REJECTED: { title: 'Your return was declined', body: 'The vendor does not take the goods back. The order says why.' },
  RECEIVED: { title: 'Your return has arrived', body: 'The vendor has the goods. Your money is on its way.' },
  REFUNDED: { title: 'Your return is refunded', body: 'The money for what you sent back is with your bank.' },
};

/** And the vendor, of one that the buyer has moved. */
const TOLD_TO_VENDOR: Readonly<Record<string, { title: string; body: string }>> = {
  REQUESTED: { title: 'A buyer wants to return goods', body: 'Please approve or decline the return.' },
  IN_TRANSIT: {
    title: 'A return is on its way',
    body: 'The buyer has sent the goods. Please confirm when they arrive.',
  },
  CANCELED: { title: 'A return was called off', body: 'The buyer keeps the goods.' },
};

export function returnNotices(
  change: { returnId: string; orderId: string; buyerId: string; status: string },
  { vendorUserIds }: { vendorUserIds: readonly string[] },
): Notice[] {
  const { returnId, orderId, buyerId, status } = change;
  const notice = (userId: string, text: { title: string; body: string } | undefined): Notice[] =>
    text
      ? [{ userId, topic: 'order.return', ...text, subjectId: orderId, onceKey: `order.return:${returnId}:${status}` }]
      : [];
  return [
    ...notice(buyerId, TOLD_TO_BUYER[status]),
    ...vendorUserIds.flatMap((userId) => notice(userId, TOLD_TO_VENDOR[status])),
  ];
}

/** What a moderator's verdict means to the vendor of a product. */
const VERDICTS: Readonly<Record<string, { title: string; body: string }>> = {
  APPROVE: { title: 'Your product is in the shop', body: 'It was approved.' },
  REJECT: { title: 'Your product was taken out of the shop', body: 'You can mend it and submit it again.' },
  REQUEST_CHANGES: { title: 'Your product needs changes', body: 'It is a draft again until you submit it.' },
};

export function moderationNotices(
  { productId, title, decision, reason }: { productId: string; title: string; decision: string; reason: string | null },
  { vendorUserIds, sequence }: { vendorUserIds: readonly string[]; sequence: number },
): Notice[] {
  const verdict = VERDICTS[decision];
  if (!verdict) return [];
  const body = [`“${title}”: ${verdict.body}`, ...(reason ? [`The moderator says: ${reason}`] : [])].join(' ');
  return vendorUserIds.map((userId) => ({
    userId,
    topic: 'product.moderated' as const,
    title: verdict.title,
    body,
    subjectId: productId,
    // One for each verdict, also when the second is like the first.
    onceKey: `product.moderated:${productId}:${sequence}`,
  }));
}
