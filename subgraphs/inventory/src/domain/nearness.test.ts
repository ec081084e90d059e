import { describe, expect, it } from 'vitest';
import { distanceBetween, type Place } from './nearness.ts';

const berlin = { countryCode: 'DE', region: 'DE-BE' };
const at = (region: string, countryCode: string | null = null, addressRegion: string | null = null): Place => ({
  region,
  countryCode,
  addressRegion,
});

describe('how far a parcel goes', () => {
  it.each([
    ['in the same state', at('EU', 'DE', 'be'), 0],
    ['in the same country', at('EU', 'DE', 'BY'), 1],
    ['in the same country, of no known state', at('EU', 'DE'), 1],
    ['of a region that is the country', at('de'), 1],
    ['in another country of the market', at('EU', 'PL'), 2],
    ['of a region that is the market', at('EU'), 2],
    ['in a country beyond', at('EU', 'US', 'BE'), 3],
    ['of a region nobody knows', at('the moon'), 3],
  ])('from a warehouse %s', (_, place, distance) => {
    expect(distanceBetween(place, berlin)).toBe(distance);
  });

  it('says nothing of states when the destination names none', () => {
    expect(distanceBetween(at('EU', 'DE', ''), { countryCode: 'DE', region: null })).toBe(1);
  });

  it('believes an address more than the region a warehouse says it ships from', () => {
    expect(distanceBetween(at('EU', 'US'), berlin)).toBe(3);
    expect(distanceBetween(at('US', 'DE'), berlin)).toBe(1);
  });

  it('knows markets beside Europe', () => {
    expect(distanceBetween(at('NA'), { countryCode: 'US', region: 'CA' })).toBe(2);
    expect(distanceBetween(at('x', 'CA'), { countryCode: 'US', region: 'CA' })).toBe(2);
  });
});
