import { expect, test } from 'vitest';
import { withDatabase } from './mongodb-store.ts';

test.each([
  ['mongodb://h:1/', 'mongodb://h:1/catalog'],
  ['mongodb://h', 'mongodb://h/catalog'],
  ['mongodb://h/shop?replicaSet=rs0', 'mongodb://h/catalog?replicaSet=rs0'],
  ['mongodb://u:p@h/shop', 'mongodb://u:p@h/catalog?authSource=shop'],
  ['mongodb://u:p@h', 'mongodb://u:p@h/catalog?authSource=admin'],
  ['mongodb://u:p@h/shop?authSource=admin', 'mongodb://u:p@h/catalog?authSource=admin'],
  ['mongodb://u:p@a:1,b:2,c:3/?replicaSet=rs', 'mongodb://u:p@a:1,b:2,c:3/catalog?replicaSet=rs&authSource=admin'],
  ['mongodb+srv://u:p@cluster.example', 'mongodb+srv://u:p@cluster.example/catalog?authSource=admin'],
])('%s with a database of its own', (url, expected) => {
  expect(withDatabase(url, 'catalog')).toBe(expected);
});

test.each(['', 'http://h', 'localhost:27017'])('%j is refused as a MongoDB address', (url) => {
  expect(() => withDatabase(url, 'catalog')).toThrow('MONGODB_URL is not a MongoDB address');
});
