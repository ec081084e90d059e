import type { FulfillmentStatus } from '../domain/order-status.ts';

/** The port to who carries parcels. */
export interface Carrier {
  readonly name: string;
  /** The same parcel gets the same label, however often it is asked for. */
  buyLabel(parcel: { fulfillmentId: string; countryCode: string; postalCode: string | null }): Promise<Label>;
  /** Null for a carrier this port does not know. */
  trackingUrl(carrier: string, trackingNumber: string): string | null;
}

export interface Label {
  trackingNumber: string;
  trackingUrl: string;
  labelUrl: string;
}

/**
 * A carrier that exists on this machine only: numbers are derived from the
 * parcel, so a label bought twice is one label. Its addresses lie in a domain
 * that is reserved for examples.
 */
export const localCarrier: Carrier = {
  name: 'LOCAL_POST',
  buyLabel: ({ fulfillmentId, countryCode }) => {
    const trackingNumber = `LP${fulfillmentId.slice(-12)}${countryCode}`;
    return Promise.resolve({
      trackingNumber,
      trackingUrl: trackUrl(trackingNumber),
      labelUrl: `https://local-post.example/labels/${trackingNumber}.pdf`,
    });
  },
  trackingUrl: (carrier, trackingNumber) => (carrier === localCarrier.name ? trackUrl(trackingNumber) : null),
};

function trackUrl(trackingNumber: string): string {
  return `https://local-post.example/track/${encodeURIComponent(trackingNumber)}`;
}

/** What a buyer reads beside each step of a parcel. */
export const trackingDescriptions: Readonly<Record<FulfillmentStatus, string>> = {
  PENDING: 'The parcel is being prepared.',
  PACKED: 'The parcel is packed.',
  LABEL_PURCHASED: 'The label is printed.',
  SHIPPED: 'The parcel was handed to the carrier.',
  IN_TRANSIT: 'The parcel is on its way.',
  OUT_FOR_DELIVERY: 'The parcel is out for delivery.',
  DELIVERED: 'The parcel was delivered.',
  FAILED_ATTEMPT: 'The parcel could not be delivered; the carrier tries again.',
  CANCELED: 'The parcel was canceled.',
};
