import { DateTime } from '@marketgraph/platform/graphql';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  type CaseDecision as CaseDecisionName,
  type CaseState,
  type FlagKind as FlagKindName,
  type Report,
  reportCount,
} from '../domain/moderation-case.ts';
import { PageInfo, UserError } from './shared.type.ts';

export enum ReportReason {
  SPAM = 'SPAM',
  ABUSE = 'ABUSE',
  FAKE = 'FAKE',
  COUNTERFEIT = 'COUNTERFEIT',
  OFF_TOPIC = 'OFF_TOPIC',
  OTHER = 'OTHER',
}
registerEnumType(ReportReason, {
  name: 'ReportReason',
  description: 'What somebody finds wrong.',
  valuesConfig: {
    SPAM: { description: 'Advertising, or the same again and again.' },
    ABUSE: { description: 'It insults or threatens.' },
    FAKE: { description: 'It is not what it says it is.' },
    COUNTERFEIT: { description: 'It imitates a brand.' },
    OFF_TOPIC: { description: 'It does not belong here.' },
    OTHER: { description: 'Something else; say it in the note.' },
  },
});

export enum CaseDecision {
  APPROVED = 'APPROVED',
  REJECTED = 'REJECTED',
  CHANGES_REQUESTED = 'CHANGES_REQUESTED',
  ARCHIVED = 'ARCHIVED',
  DISMISSED = 'DISMISSED',
  CLEARED = 'CLEARED',
}
registerEnumType(CaseDecision, {
  name: 'CaseDecision',
  description: 'How a case ended.',
  valuesConfig: {
    APPROVED: { description: 'A moderator has let the product into the shop.' },
    REJECTED: { description: 'A moderator has taken the product out of the shop.' },
    CHANGES_REQUESTED: { description: 'A moderator has sent the product back to its vendor.' },
    ARCHIVED: { description: 'The vendor has taken the product out of the shop.' },
    DISMISSED: { description: 'A moderator has found nothing wrong.' },
    CLEARED: { description: 'What looked wrong was mended, and nobody had complained.' },
  },
});

export enum FlagKind {
  PRICE_OUTLIER = 'PRICE_OUTLIER',
  PRICE_ABOVE_OTHERS = 'PRICE_ABOVE_OTHERS',
  COPIED_TITLE = 'COPIED_TITLE',
  CATEGORY_MISMATCH = 'CATEGORY_MISMATCH',
  PRICE_CHURN = 'PRICE_CHURN',
  PRICE_BURST = 'PRICE_BURST',
}
registerEnumType(FlagKind, {
  name: 'FlagKind',
  description: 'What the screening looks for.',
  valuesConfig: {
    PRICE_OUTLIER: { description: 'The price is far from what things of its category cost.' },
    PRICE_ABOVE_OTHERS: { description: 'Other vendors sell the same product at another order of magnitude.' },
    COPIED_TITLE: { description: 'Another vendor’s older product has nearly the same title.' },
    CATEGORY_MISMATCH: { description: 'The title speaks of things of another category.' },
    PRICE_CHURN: { description: 'The price of one offer changes again and again.' },
    PRICE_BURST: { description: 'A vendor changed many prices by much at once.' },
  },
});

@ObjectType({ description: 'Something that looks wrong to the screening.' })
export class CaseFlag {
  @Field(() => FlagKind, { description: 'What kind of thing.' })
  kind!: FlagKindName;

  @Field(() => Int, { description: 'How sure it is, from 1 to 99.' })
  score!: number;

  @Field(() => String, { description: 'Why, in words.' })
  reason!: string;
}

@ObjectType({ description: 'So many reports of one kind.' })
export class ReportCount {
  @Field(() => ReportReason, { description: 'The kind.' })
  reason!: ReportReason;

  @Field(() => Int, { description: 'How many people.' })
  count!: number;
}

@ObjectType({ description: 'What one person has said about a product.' })
export class ListingReport {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => ReportReason, { description: 'What they find wrong.' })
  reason!: ReportReason;

  @Field(() => String, { nullable: true, description: 'In their own words.' })
  note!: string | null;

  @Field(() => DateTime, { description: 'When they said it.' })
  createdAt!: Date;
}

@ObjectType({ description: 'A product or vendor that a moderator is to look at.' })
export class ModerationCase {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => Int, { description: 'From 0 to 100: how much speaks for it that something is wrong.' })
  score!: number;

  @Field(() => [CaseFlag], { description: 'What the screening found, at most one of each kind.' })
  flags!: CaseFlag[];

  @Field(() => Int, { description: 'How many people have complained.' })
  reportCount!: number;

  @Field(() => [ReportCount], { description: 'Of what, at most one entry per reason.' })
  reportCounts!: ReportCount[];

  @Field(() => Boolean, { description: 'Whether nobody has decided yet.' })
  isOpen!: boolean;

  @Field(() => CaseDecision, { nullable: true, description: 'How it ended; null while it is open.' })
  decision!: CaseDecisionName | null;

  @Field(() => String, { nullable: true, description: 'What the moderator wrote down.' })
  note!: string | null;

  @Field(() => DateTime, { description: 'When it was opened.' })
  openedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it ended.' })
  closedAt!: Date | null;

  state!: CaseState;
}

@ObjectType({ description: 'A case in a list.' })
export class ModerationCaseEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => ModerationCase, { description: 'The case.' })
  node!: ModerationCase;
}

@ObjectType({ description: 'A page of cases.' })
export class ModerationCaseConnection {
  @Field(() => [ModerationCaseEdge], { description: 'In the order of the list.' })
  edges!: ModerationCaseEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'What became of a report.' })
export class ListingReportPayload {
  @Field(() => ID, { nullable: true, description: 'The report; null when it was refused.' })
  reportId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What became of a case.' })
export class ModerationCasePayload {
  @Field(() => ModerationCase, { nullable: true, description: 'The case after the change; null when it was refused.' })
  case!: ModerationCase | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

export function toModerationCase(state: CaseState): ModerationCase {
  const { id, score, flags, reportCounts, isOpen, decision, note, openedAt, closedAt } = state;
  return Object.assign(new ModerationCase(), {
    id,
    score,
    flags: flags.map(({ kind, score: sure, reason }) => ({ kind, score: sure, reason })),
    reportCount: reportCount(state),
    reportCounts: reportCounts.map(({ reason, count }) => ({ reason: ReportReason[reason], count })),
    isOpen,
    decision,
    note,
    openedAt,
    closedAt,
    state,
  });
}

export function toListingReport({ id, reason, note, createdAt }: Report): ListingReport {
  return Object.assign(new ListingReport(), { id, reason: ReportReason[reason], note, createdAt });
}
