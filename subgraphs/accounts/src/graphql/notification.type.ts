import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { NotificationChannel } from './account.enums.ts';
import { Node, PageInfo, StreamEvent } from './shared.type.ts';

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'Something a user is told. For themselves.' })
export class Notification extends Node {
  @Field(() => String, { description: 'What about, e.g. `order.confirmed`.' })
  topic!: string;

  @Field(() => String, { description: 'In a few words.' })
  title!: string;

  @Field(() => String, { description: 'In full.' })
  body!: string;

  @Field(() => [NotificationChannel], { description: 'How it was told.' })
  channels!: NotificationChannel[];

  @Field(() => ID, { nullable: true, description: 'What it is about: for orders the order.' })
  subjectId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was marked as read.' })
  readAt?: Date | null;

  @Field(() => DateTime, { description: 'When it came.' })
  createdAt!: Date;
}

@ObjectType({ description: 'A notification with its place in the list.' })
export class NotificationEdge {
  @Field(() => String, { description: 'Place in the list.' })
  cursor!: string;

  @Field(() => Notification, { description: 'The notification.' })
  node!: Notification;
}

@ObjectType({ description: 'Notifications, newest first.' })
export class NotificationConnection {
  userId!: string;

  @Field(() => [NotificationEdge], { description: 'The page.' })
  edges!: NotificationEdge[];

  @Field(() => PageInfo, { description: 'Where it begins and ends.' })
  pageInfo!: PageInfo;
}

@ObjectType({ implements: StreamEvent, description: 'A notification that has come.' })
export class NotificationEvent extends StreamEvent {
  @Field(() => Notification, { description: 'The notification; in the snapshot the newest there is.' })
  notification!: Notification;
}
