import { expect, it } from 'vitest';
import { addressKey } from './address-key.ts';
import { countedPlaces } from './places.ts';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['unknown', 'unknown'],
  ['a:b', 'a:b'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

it('places are given back once', () => {
  const places = countedPlaces(2);
  const leave = places.enter('a')!;
  expect([places.enter('a'), places.enter('a')]).toEqual([expect.any(Function), null]);
  expect(places.enter('b')).not.toBeNull();
  leave();
  leave();
  expect([places.enter('a'), places.enter('a')]).toEqual([expect.any(Function), null]);
});
