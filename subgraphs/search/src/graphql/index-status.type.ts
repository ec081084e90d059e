import { DateTime } from '@marketgraph/platform/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { UserError } from './shared.type.ts';

@ObjectType({ description: 'One version of the index.' })
export class SearchIndexVersion {
  @Field(() => String, { description: 'Its name.' })
  version!: string;

  @Field(() => Int, { description: 'How many products are in it.' })
  documentCount!: number;

  @Field(() => DateTime, { description: 'When it was begun.' })
  createdAt!: Date;

  @Field(() => Boolean, { description: 'Whether it answers searches.' })
  isLive!: boolean;
}

@ObjectType({ description: 'The index and how far it has come.' })
export class SearchIndexStatus {
  @Field(() => String, { description: 'The version that answers searches.' })
  liveVersion!: string;

  @Field(() => [SearchIndexVersion], { description: 'All that are kept, the newest first; one may be in the making.' })
  versions!: SearchIndexVersion[];

  @Field(() => Int, {
    description: 'How long the oldest change waits that searches do not show yet; 0 when none does.',
  })
  lagMs!: number;

  @Field(() => DateTime, { nullable: true, description: 'When the newest change happened that has been taken in.' })
  lastEventAt?: Date | null;
}

@ObjectType({ description: 'What became of a change to the index.' })
export class SearchIndexPayload {
  @Field(() => SearchIndexStatus, {
    nullable: true,
    description: 'The index now; a rebuild goes on in the background.',
  })
  status?: SearchIndexStatus | null;

  @Field(() => [UserError], { description: 'Why nothing was done.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Whether something was counted.' })
export class TrackPayload {
  @Field(() => Boolean, { description: 'False for an unknown product, and for what was said before within the hour.' })
  accepted!: boolean;
}
