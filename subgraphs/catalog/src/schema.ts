import { buildSubgraph, type SubgraphSchema } from '@marketgraph/platform/graphql';
import { CaseResolver } from './graphql/case.resolver.ts';
import { CategoryResolver, categoryReference } from './graphql/category.resolver.ts';
import { Category } from './graphql/category.type.ts';
import { DealResolver, dealReference } from './graphql/deal.resolver.ts';
import { LightningDeal } from './graphql/deal.type.ts';
import { ImportResolver, importReference } from './graphql/import.resolver.ts';
import { CatalogImport } from './graphql/import.type.ts';
import { MediaResolver } from './graphql/media.resolver.ts';
import { OfferResolver, offerReference } from './graphql/offer.resolver.ts';
import { Offer } from './graphql/offer.type.ts';
import * as priceLists from './graphql/price-list.resolver.ts';
import { Organization, PriceList } from './graphql/price-list.type.ts';
import { OfferPriceResolver } from './graphql/price.resolver.ts';
import { ProductMutationResolver } from './graphql/product-mutation.resolver.ts';
import { ProductResolver, productReference } from './graphql/product.resolver.ts';
import { Product, ProductVariant } from './graphql/product.type.ts';
import { PromotionResolver, promotionReference, VendorPromotionsResolver } from './graphql/promotion.resolver.ts';
import { Promotion } from './graphql/promotion.type.ts';
import { BasicUserError } from './graphql/shared.type.ts';
import { VariantResolver, variantReference } from './graphql/variant.resolver.ts';
import { VendorResolver, vendorReference } from './graphql/vendor.resolver.ts';
import { Vendor } from './graphql/vendor.type.ts';

export function catalogSchema(): SubgraphSchema {
  return buildSubgraph({
    resolvers: [
      ProductResolver,
      ProductMutationResolver,
      VariantResolver,
      OfferResolver,
      OfferPriceResolver,
      DealResolver,
      CategoryResolver,
      VendorResolver,
      ImportResolver,
      PromotionResolver,
      VendorPromotionsResolver,
      CaseResolver,
      MediaResolver,
      priceLists.PriceListResolver,
      priceLists.PriceListEntryResolver,
      priceLists.VendorPriceListsResolver,
      priceLists.OrganizationResolver,
    ],
    orphanedTypes: [
      Product,
      ProductVariant,
      Offer,
      LightningDeal,
      Category,
      Vendor,
      CatalogImport,
      Promotion,
      PriceList,
      Organization,
      BasicUserError,
    ],
    references: {
      Product: productReference,
      ProductVariant: variantReference,
      Offer: offerReference,
      LightningDeal: dealReference,
      Category: categoryReference,
      Vendor: vendorReference,
      CatalogImport: importReference,
      Promotion: promotionReference,
      PriceList: priceLists.priceListReference,
      Organization: priceLists.organizationReference,
    },
  });
}
