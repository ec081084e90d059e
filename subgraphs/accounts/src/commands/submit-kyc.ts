import { reject, type Result } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { addKycDocument, lockVendor, type VendorRow } from '../store/vendors.ts';
import { changeVendor } from './change-vendor.ts';
import type { Cause, CommandDeps } from './deps.ts';

export interface SubmitKyc {
  vendorId: string;
  documents: readonly { kind: string; uploadId: string }[];
  mayActFor(vendorId: string): boolean;
  cause: Cause;
}

const MAX_DOCUMENTS = 20;
const KIND = /^[A-Z][A-Z0-9_]{1,49}$/;
const UPLOAD_ID = /^[\w.-]{1,100}$/;

/** The vendor's papers, by the ids of their uploads; whether they are good an operator says. */
export async function submitKyc(deps: CommandDeps, command: SubmitKyc): Promise<Result<VendorRow>> {
  const { vendorId, documents, mayActFor, cause } = command;
  if (documents.length === 0 || documents.length > MAX_DOCUMENTS) {
    return reject('INVALID', `1 to ${MAX_DOCUMENTS} documents.`, { field: ['documents'] });
  }
  for (const [index, { kind, uploadId }] of documents.entries()) {
    if (!KIND.test(kind)) {
      return reject('INVALID', 'A kind is like REGISTER_EXTRACT.', { field: ['documents', `${index}`, 'kind'] });
    }
    if (!UPLOAD_ID.test(uploadId)) {
      return reject('INVALID', 'This is not an upload.', { field: ['documents', `${index}`, 'uploadId'] });
    }
  }
  return inTransaction(deps.orm, async (em): Promise<Result<VendorRow>> => {
    const vendor = await lockVendor(em, vendorId);
    if (!vendor || !mayActFor(vendor.id))
      return reject('NOT_FOUND', 'There is no such vendor.', { field: ['vendorId'] });
    const kinds = documents.map(({ kind }) => kind);
    const step = {
      vendor,
      step: 'submitKyc',
      action: 'vendor.kycSubmitted',
      details: { documents: kinds },
      cause,
    } as const;
    const changed = await changeVendor(em, deps, step);
    if (!changed.ok) return changed;
    for (const { kind, uploadId } of documents) {
      await addKycDocument(em, { id: deps.ids.next('kyc'), vendorId, kind, uploadId, now: deps.clock.now() });
    }
    return changed;
  });
}
