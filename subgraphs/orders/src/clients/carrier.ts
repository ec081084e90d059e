import type { FulfillmentStatus } from '../domain/order-status.ts';

/** The port to who carries parcels. */
export interface Carrier {
  readonly name: string;
  /** The same parcel gets the same label, however often it is asked for. */
  buyLabel(parcel: { fulfillmentId: string; countryCode: string; postalCode: string | null }): Promise<Label>;
  /** Where a parcel of ours is when it takes this step; null where nobody has it yet, or the carrier does not say. */
  locate(parcel: {
    fulfillmentId: string;
    countryCode: string;
    postalCode: string | null;
    status: FulfillmentStatus;
  }): Promise<CarrierPlace | null>;
  /** Null for a carrier this port does not know. */
  trackingUrl(carrier: string, trackingNumber: string): string | null;
}

export interface CarrierPlace {
  name: string;
  /** Degrees. */
  lat: number;
  lon: number;
}

export interface Label {
  trackingNumber: string;
  trackingUrl: string;
  labelUrl: string;
}

/**
 * A carrier that exists on this machine only: numbers are derived from the
 * parcel, so a label bought twice is one label. It has a sorting centre in the
 * middle of each country it knows and a depot for each area of postal codes. Its addresses lie in a domain
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
  locate: ({ countryCode, postalCode, status }) => Promise.resolve(placeOf({ countryCode, postalCode, status })),
  trackingUrl: (carrier, trackingNumber) => (carrier === localCarrier.name ? trackUrl(trackingNumber) : null),
};

function trackUrl(trackingNumber: string): string {
  return `https://local-post.example/track/${encodeURIComponent(trackingNumber)}`;
}

/** The middle of a country, as latitude and longitude. */
const CENTRES: Readonly<Record<string, readonly [number, number]>> = {
  AT: [47.6, 14.1],
  AU: [-25.3, 133.8],
  BE: [50.6, 4.7],
  BR: [-10.8, -52.9],
  CA: [56.1, -106.3],
  CH: [46.8, 8.2],
  CZ: [49.8, 15.5],
  DE: [51.2, 10.4],
  DK: [56.0, 10.0],
  ES: [40.2, -3.7],
  FI: [64.5, 26.3],
  FR: [46.6, 2.5],
  GB: [52.8, -1.6],
  IE: [53.2, -8.0],
  IN: [22.9, 79.6],
  IT: [42.8, 12.8],
  JP: [36.5, 138.0],
  NL: [52.2, 5.5],
  NO: [61.2, 9.0],
  PL: [52.1, 19.4],
  PT: [39.6, -8.0],
  SE: [62.2, 15.0],
  US: [39.8, -98.6],
};
/** A depot is at most so far from its sorting centre, in degrees either way. */
const REACH = 1.5;

function placeOf(parcel: { countryCode: string; postalCode: string | null; status: FulfillmentStatus }) {
  const { countryCode, postalCode, status } = parcel;
  const centre = CENTRES[countryCode];
  if (!centre) return null;
  const area = (postalCode ?? '').replaceAll(/\s/g, '').slice(0, 2).toUpperCase();
  const [north, east] = offsetOf(`${countryCode}${area}`);
  const at = (share: number, name: string): CarrierPlace => ({
    name,
    lat: rounded(centre[0] + north * share),
    lon: rounded(centre[1] + east * share),
  });
  switch (status) {
    case 'SHIPPED':
      return at(0, `Sorting centre ${countryCode}`);
    case 'IN_TRANSIT':
      return at(0.5, `On the way to depot ${countryCode} ${area}`.trim());
    case 'OUT_FOR_DELIVERY':
    case 'FAILED_ATTEMPT':
    case 'DELIVERED':
      // An area, and never a house: where somebody lives is nobody's to see on a map.
      return at(1, `Depot ${countryCode} ${area}`.trim());
    default:
      return null;
  }
}

/** The same for the same area, and all over the place for different ones. */
function offsetOf(area: string): [number, number] {
  let hash = 2_166_136_261;
  for (const letter of area) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16_777_619) >>> 0;
  const share = (bits: number) => ((bits & 0xffff) / 0xffff) * 2 - 1;
  return [share(hash) * REACH, share(hash >>> 16) * REACH];
}

function rounded(degrees: number): number {
  return Math.round(degrees * 1_000) / 1_000;
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
