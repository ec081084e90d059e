import { CountryCode, CurrencyCode, LanguageTag, MinorUnits } from '@marketgraph/platform/graphql';
import { Field, Float, ID, InputType, Int, registerEnumType } from 'type-graphql';

export enum SearchSort {
  RELEVANCE = 'RELEVANCE',
  PRICE_ASC = 'PRICE_ASC',
  PRICE_DESC = 'PRICE_DESC',
  RATING = 'RATING',
  NEWEST = 'NEWEST',
  POPULARITY = 'POPULARITY',
}
registerEnumType(SearchSort, {
  name: 'SearchSort',
  description: 'What comes first.',
  valuesConfig: {
    RELEVANCE: { description: 'What fits the words best; without words what sells best.' },
    PRICE_ASC: { description: 'The cheapest; what has no price in the currency comes last.' },
    PRICE_DESC: { description: 'The dearest; what has no price in the currency comes last.' },
    RATING: { description: 'The best rated.' },
    NEWEST: { description: 'The newest.' },
    POPULARITY: { description: 'What sells best.' },
  },
});

export enum TrendWindow {
  HOUR = 'HOUR',
  DAY = 'DAY',
  WEEK = 'WEEK',
}
registerEnumType(TrendWindow, {
  name: 'TrendWindow',
  description: 'How far back interest counts.',
  valuesConfig: {
    HOUR: { description: 'The last hour.' },
    DAY: { description: 'The last 24 hours.' },
    WEEK: { description: 'The last seven days.' },
  },
});

export enum SearchEventKind {
  IMPRESSION = 'IMPRESSION',
  CLICK = 'CLICK',
  ADD_TO_CART = 'ADD_TO_CART',
  PURCHASE = 'PURCHASE',
}
registerEnumType(SearchEventKind, {
  name: 'SearchEventKind',
  description: 'What a buyer did with a product.',
  valuesConfig: {
    IMPRESSION: { description: 'Saw it in a list.' },
    CLICK: { description: 'Opened it.' },
    ADD_TO_CART: { description: 'Put it into the cart.' },
    PURCHASE: { description: 'Bought it. What counts as a sale is taken from orders, not from here.' },
  },
});

@InputType({ description: 'Values of one facet.' })
export class AttributeFilter {
  @Field(() => String, { description: '`brand`, `category`, `vendor`, or the key of an attribute or of an option.' })
  key!: string;

  @Field(() => [String], { description: 'One of these, as the facet shows them; at most 100.' })
  anyOf!: string[];
}

@InputType({ description: 'A circle on the globe.' })
export class GeoFilter {
  @Field(() => Float, { description: 'Latitude of the middle, -85 to 85 degrees.' })
  lat!: number;

  @Field(() => Float, { description: 'Longitude of the middle, -180 to 180 degrees.' })
  lon!: number;

  @Field(() => Float, { description: 'How far around it, up to 20,000 km.' })
  radiusKm!: number;
}

@InputType({ description: 'What a search is narrowed by; all of it must hold.' })
export class SearchFilter {
  @Field(() => [ID], { nullable: true, description: 'In one of these categories or below; at most 100.' })
  categoryIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Sold by one of these vendors; at most 100.' })
  vendorIds?: string[] | null;

  @Field(() => MinorUnits, { nullable: true, description: 'An offer costs at least this.' })
  priceMin?: number | null;

  @Field(() => MinorUnits, { nullable: true, description: 'The same offer costs at most this.' })
  priceMax?: number | null;

  @Field(() => CurrencyCode, {
    nullable: true,
    description: 'The currency of the prices; the buyer’s or the marketplace’s own when absent.',
  })
  currencyCode?: string | null;

  @Field(() => Float, { nullable: true, description: 'Rated at least this, from 0 to 5.' })
  ratingMin?: number | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'Only what can be bought now.' })
  inStockOnly?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: sold by somebody who is part of Prime. False: by somebody who is not.',
  })
  primeEligible?: boolean | null;

  @Field(() => GeoFilter, {
    nullable: true,
    description: 'Sold by somebody within this circle; of more than 250 vendors in it the nearest count.',
  })
  near?: GeoFilter | null;

  @Field(() => [AttributeFilter], { nullable: true, description: 'Facets narrowed down; at most 20.' })
  attributes?: AttributeFilter[] | null;
}

@InputType({ description: 'For whom a search is.' })
export class BuyerContext {
  @Field(() => CountryCode, {
    nullable: true,
    description: 'Where it goes: only offers of vendors who ship there are shown.',
  })
  countryCode?: string | null;

  @Field(() => CurrencyCode, { nullable: true, description: 'The currency the buyer pays in.' })
  currencyCode?: string | null;

  @Field(() => LanguageTag, {
    nullable: true,
    description:
      'Whose words are looked in and highlighted beside those a product was written in; for what has none in it those alone.',
  })
  language?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'For whom is bought, of its members and operators; FORBIDDEN to others, nobody for who is not signed in. The matched offer is the one that costs them least; order and filter stay by the offers’ own prices.',
  })
  organizationId?: string | null;
}

@InputType({ description: 'Words that mean the same.' })
export class SynonymInput {
  @Field(() => String, {
    nullable: true,
    description: 'With a root only this is found as the others too, and not they as it.',
  })
  root?: string | null;

  @Field(() => [String], { description: '2 to 20 words or short phrases; with a root 1 to 20.' })
  synonyms!: string[];
}

@InputType({ description: 'What a buyer did.' })
export class SearchEventInput {
  @Field(() => SearchEventKind, { description: 'What.' })
  kind!: SearchEventKind;

  @Field(() => ID, { description: 'With which product.' })
  productId!: string;

  @Field(() => String, { nullable: true, description: 'The query whose result it was in; at most 200 characters.' })
  query?: string | null;

  @Field(() => Int, { nullable: true, description: 'Its place in that result, from 1 to 1,000.' })
  position?: number | null;
}
