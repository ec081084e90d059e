import type { CaseState } from '../domain/moderation-case.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface CaseDocument extends Omit<CaseState, 'id'> {
  _id: string;
}

function toCaseState({ _id, ...state }: CaseDocument): CaseState {
  return { id: _id, ...state };
}

export async function findCase(store: CatalogStore, id: string, session?: Session): Promise<CaseState | null> {
  const document = await store.cases.findOne({ _id: id }, { session });
  return document && toCaseState(document);
}

/** Index `bySubject`. The newest case of each of these, open or not. */
export async function findLastCases(
  store: CatalogStore,
  subjectIds: readonly string[],
  session?: Session,
): Promise<Map<string, CaseState>> {
  const documents = await store.cases
    .find({ subjectId: { $in: [...subjectIds] } }, { session })
    .sort({ subjectId: 1, _id: 1 })
    .toArray();
  return new Map(documents.map((document) => [document.subjectId, toCaseState(document)]));
}

/** Index `oneOpen`. */
export async function findOpenCase(
  store: CatalogStore,
  subjectId: string,
  session: Session,
): Promise<CaseState | null> {
  const document = await store.cases.findOne({ subjectId, isOpen: true }, { session });
  return document && toCaseState(document);
}

/**
 * Concurrency: of two that open a case of one subject the unique index
 * `oneOpen` lets one in, and the other runs again and finds it. An older
 * version is refused by the filter; false means that somebody else saved meanwhile.
 */
export async function saveCase(store: CatalogStore, state: CaseState, session: Session): Promise<boolean> {
  const { id, ...fields } = state;
  if (state.version === 1) {
    await store.cases.insertOne({ _id: id, ...fields }, { session });
    return true;
  }
  const result = await store.cases.updateOne({ _id: id, version: state.version - 1 }, { $set: fields }, { session });
  return result.matchedCount === 1;
}

/** Index `queue`. Open cases, what is surest to be wrong in front; one more than asked for tells of a next page. */
export async function listOpenCases(
  store: CatalogStore,
  { after, limit }: { after?: { score: number; id: string }; limit: number },
): Promise<CaseState[]> {
  const behind = after
    ? {
        score: { $lte: after.score },
        $or: [{ score: { $lt: after.score } }, { score: after.score, _id: { $gt: after.id } }],
      }
    : {};
  const documents = await store.cases
    .find({ isOpen: true, ...behind })
    .sort({ score: -1, _id: 1 })
    .limit(limit + 1)
    .toArray();
  return documents.map(toCaseState);
}
