import { badUserInput, URLScalar } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Directive, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { mediaUrl } from '../domain/media.ts';
import type { CatalogContext } from './context.ts';
import { Media } from './product.type.ts';

/** Wider than any screen. */
const MAX_WIDTH = 10_000;

@Resolver(() => Media)
export class MediaResolver {
  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => URLScalar, { description: 'Where it is; may be kept for ever by who has fetched it.' })
  url(
    @Root() { item }: Media,
    @Ctx() { deps }: CatalogContext,
    @Arg('width', () => Int, {
      nullable: true,
      description:
        'Of a picture: as wide as this or a little wider, in WebP (160, 320, 640, 960, 1280 or 1920 pixels); as it was uploaded when absent or wider than that.',
    })
    width?: number,
  ): string {
    if (width !== undefined && width !== null && (width < 1 || width > MAX_WIDTH)) {
      throw badUserInput(`width is from 1 to ${MAX_WIDTH}.`);
    }
    return mediaUrl(item, { publicUrl: deps.publicUrl, width });
  }
}
