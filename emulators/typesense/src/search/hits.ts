import type { StoredDocument } from '../schema/document.ts';
import type { Collection } from '../store/collection.ts';
import { highlight } from './highlight.ts';
import type { SearchParameters } from './parameters.ts';
import type { Nearness } from './neighbours.ts';
import type { Query } from './query.ts';
import type { QueryField } from './query-fields.ts';
import type { RankedRow } from './rows.ts';
import { explainScore } from './score.ts';
import type { SortOrder } from './sort.ts';
import type { WordMatcher } from './words.ts';

const EARTH_RADIUS_METERS = 6_371_008.8;

/** One entry of `hits`. */
export function toHit(input: {
  collection: Collection;
  parameters: SearchParameters;
  /** What of a document is shown. */
  projected(document: StoredDocument): Record<string, unknown>;
  fields: readonly QueryField[];
  query: Query;
  row: RankedRow;
  document: StoredDocument;
  words: WordMatcher['used'];
  order: SortOrder;
  nearness?: Nearness | undefined;
}): object {
  const { collection, parameters, fields, query, row, document } = input;
  const score = input.nearness === undefined ? row.score : input.nearness.textScores.get(row.seq);
  const marks = highlight({
    document,
    index: collection.index,
    parameters,
    fields,
    words: input.words,
  });
  return {
    document: input.projected(document),
    ...distances(document, input.order),
    highlight: marks.byField,
    ...(parameters.highlightV1 ? { highlights: marks.list } : {}),
    ...(input.nearness === undefined ? {} : nearnessOf(row.seq, input.nearness)),
    ...(score === undefined ? {} : textMatch(score, query, fields, marks.matchedFields)),
  };
}

function nearnessOf(seq: number, { distances, fused }: Nearness): object {
  const [distance, score] = [distances.get(seq), fused.get(seq)];
  return {
    ...(distance === undefined ? {} : { vector_distance: distance }),
    ...(score === undefined ? {} : { hybrid_search_info: { rank_fusion_score: score } }),
  };
}

function textMatch(score: number, query: Query, fields: readonly QueryField[], matchedFields: number): object {
  const explained = explainScore(score);
  const words = query.tokens.length + query.phrases.reduce((sum, phrase) => sum + phrase.length, 0);
  return {
    text_match: score,
    text_match_info: {
      best_field_score: String(explained.relevance),
      best_field_weight: Math.max(...fields.map((field) => field.weight)),
      fields_matched: matchedFields,
      num_tokens_dropped: Math.max(0, words - explained.words),
      score: String(score),
      tokens_matched: explained.words,
      typo_prefix_score: explained.typos,
    },
  };
}

function distances(document: StoredDocument, order: SortOrder): object {
  if (order.distances.length === 0) return {};
  const meters: Record<string, number> = {};
  for (const { field, lat, lng } of order.distances) {
    const point = document[field];
    if (Array.isArray(point))
      meters[field] = Math.round(distanceMeters({ lat, lng }, { lat: Number(point[0]), lng: Number(point[1]) }));
  }
  return { geo_distance_meters: meters };
}

function distanceMeters(a: { lat: number; lng: number }, b: { lat: number; lng: number }): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const north = Math.sin(radians(b.lat - a.lat) / 2);
  const east = Math.sin(radians(b.lng - a.lng) / 2);
  const chord = north * north + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * east * east;
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.min(1, Math.sqrt(chord)));
}
