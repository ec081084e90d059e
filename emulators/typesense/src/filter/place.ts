import { badRequest, unsupported } from '../http/api-error.ts';
import type { Field } from '../schema/field.ts';
import { type Sql, sql } from '../store/database.ts';
import type { FilterValue } from './ast.ts';

export type Place = { lat: number; lng: number; radiusMeters: number };

const EARTH_RADIUS_METERS = 6_371_008.8;
const METERS_PER_DEGREE = (Math.PI * EARTH_RADIUS_METERS) / 180;
const METERS: Readonly<Record<string, number>> = { km: 1_000, mi: 1_609.34 };

/** `(48.853, 2.344, 5.1 km)`: a point and how far around it. */
export function parsePlace(field: Field, value: FilterValue): Place {
  const format = `Value of filter field \`${field.name}\`: must be in the \`(-44.50, 170.29, 0.75 km)\` format.`;
  if (value.quoted || !/^\(.*\)$/s.test(value.text)) throw badRequest(format);
  const parts = value.text
    .slice(1, -1)
    .split(',')
    .map((part) => part.trim());
  if (parts.length > 3 && parts.every((part) => part !== '' && Number.isFinite(Number(part)))) {
    throw unsupported('A polygon in `filter_by`');
  }
  const distance = /^(\d+(?:\.\d+)?)\s*(km|mi)$/.exec(parts[2] ?? '');
  const lat = Number(parts[0] === '' ? Number.NaN : parts[0]);
  const lng = Number(parts[1] === '' ? Number.NaN : parts[1]);
  if (parts.length === 3 && distance === null && /\d/.test(parts[2] ?? ''))
    throw badRequest('Unit must be either `km` or `mi`.');
  if (parts.length !== 3 || distance === null || !Number.isFinite(lat) || !Number.isFinite(lng))
    throw badRequest(format);
  return { lat, lng, radiusMeters: Number(distance[1]) * (METERS[distance[2] ?? ''] ?? 0) };
}

/** Rows within the radius: first the band of latitudes, which has an index, then the distance. */
export function withinPlace(at: number, place: Place): Sql {
  const degrees = place.radiusMeters / METERS_PER_DEGREE;
  const distance = distanceTo(at, place);
  return sql(
    `(c.lat${at} BETWEEN ? AND ? AND ${distance.text} <= ?)`,
    place.lat - degrees,
    place.lat + degrees,
    ...distance.params,
    place.radiusMeters,
  );
}

/** Great-circle distance of a row's point in metres; NULL without a point. */
export function distanceTo(at: number, point: { lat: number; lng: number }): Sql {
  const half = (column: string): string => `sin(radians(${column} - ?) / 2)`;
  return sql(
    `(${2 * EARTH_RADIUS_METERS} * asin(min(1, sqrt(${half(`c.lat${at}`)} * ${half(`c.lat${at}`)}
      + cos(radians(c.lat${at})) * cos(radians(?)) * ${half(`c.lng${at}`)} * ${half(`c.lng${at}`)}))))`,
    point.lat,
    point.lat,
    point.lat,
    point.lng,
    point.lng,
  );
}
