import type { CollectionCreateSchema } from 'typesense/lib/Typesense/Collections.js';

export type ShopProduct = {
  id: string;
  title: string;
  brand: string;
  description?: string;
  categories: string[];
  price: number;
  stock: number;
  sizes: number[];
  inStock: boolean;
  sales: number;
  rating?: number;
};

/** A small shop whose every answer can be worked out by hand. */
export const SHOP: readonly ShopProduct[] = [
  {
    id: '1',
    title: 'Running Shoe',
    brand: 'Acme',
    categories: ['Shoes', 'Sport'],
    price: 59.5,
    stock: 10,
    sizes: [40, 41],
    inStock: true,
    sales: 90,
    rating: 4.5,
    description: 'Light shoe for long runs',
  },
  {
    id: '2',
    title: 'Leather Shoe, brown',
    brand: 'Bata & Sons',
    categories: ['Shoes'],
    price: 120,
    stock: 0,
    sizes: [42],
    inStock: false,
    sales: 40,
    rating: 3.5,
  },
  {
    id: '3',
    title: 'Wireless Headphones',
    brand: 'Sonic',
    categories: ['Audio'],
    price: 199.99,
    stock: 5,
    sizes: [],
    inStock: true,
    sales: 300,
    rating: 4.8,
    description: 'Bluetooth over-ear headphones with noise cancelling',
  },
  {
    id: '4',
    title: 'Wired Headphones',
    brand: 'Sonic Labs',
    categories: ['Audio', 'Sport'],
    price: 29,
    stock: 50,
    sizes: [],
    inStock: true,
    sales: 120,
  },
  {
    id: '5',
    title: 'Basketball',
    brand: 'Acme',
    categories: ['Sport'],
    price: 25,
    stock: 12,
    sizes: [7],
    inStock: true,
    sales: 60,
    rating: 4.1,
    description: 'Official size ball',
  },
  {
    id: '6',
    title: 'Coffee Machine',
    brand: 'Brew (Home)',
    categories: ['Kitchen'],
    price: 349,
    stock: 3,
    sizes: [],
    inStock: true,
    sales: 15,
    rating: 4.5,
  },
  {
    id: '7',
    title: 'Café Crème Cups',
    brand: 'Brew (Home)',
    categories: ['Kitchen', 'Gifts'],
    price: 18,
    stock: 80,
    sizes: [2, 4],
    inStock: true,
    sales: 33,
  },
  {
    id: '8',
    title: 'Wi-Fi Router AX-3000',
    brand: 'Netty',
    categories: ['Network'],
    price: 89,
    stock: 0,
    sizes: [],
    inStock: false,
    sales: 75,
    rating: 2.9,
  },
];

export function shopSchema(name: string): CollectionCreateSchema {
  return {
    name,
    fields: [
      { name: 'title', type: 'string', sort: true },
      { name: 'brand', type: 'string', facet: true },
      { name: 'description', type: 'string', optional: true },
      { name: 'categories', type: 'string[]', facet: true },
      { name: 'price', type: 'float', facet: true },
      { name: 'stock', type: 'int32' },
      { name: 'sizes', type: 'int32[]', facet: true },
      { name: 'inStock', type: 'bool', facet: true },
      { name: 'sales', type: 'int64' },
      { name: 'rating', type: 'float', optional: true, facet: true },
    ],
    default_sorting_field: 'sales',
  };
}
