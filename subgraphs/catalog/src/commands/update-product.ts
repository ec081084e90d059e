import { accept } from '@marketgraph/platform/core';
import type { Outcome } from '../domain/outcome.ts';
import { type Actor, checkOwnsProduct } from '../domain/ownership.ts';
import { type ProductChange, type ProductState, reviseProduct } from '../domain/product.ts';
import { attachMedia } from './attach-media.ts';
import { changeProduct } from './change-product.ts';
import type { CommandDeps } from './command-deps.ts';

export interface UpdateProduct {
  actor: Actor;
  id: string;
  expectedVersion: number;
  change: Omit<ProductChange, 'media'>;
  /** Absent leaves the media as they are. */
  mediaUploadIds?: readonly string[] | null;
}

export async function updateProduct(deps: CommandDeps, command: UpdateProduct): Promise<Outcome<ProductState>> {
  const { actor, id, expectedVersion, change, mediaUploadIds } = command;
  return changeProduct(deps, { id, trace: actor.trace }, async (found, { category, now, session }) => {
    const product = checkOwnsProduct(actor, found);
    if (!product.ok) return product;
    const media = mediaUploadIds
      ? await attachMedia(deps, { actor, uploadIds: mediaUploadIds, shown: product.value.media, session })
      : accept(undefined);
    if (!media.ok) return media;
    const definitions = category?.place.definitions ?? [];
    return reviseProduct(product.value, { ...change, media: media.value }, { expectedVersion, definitions, now });
  });
}
