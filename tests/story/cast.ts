import { randomBytes, randomUUID } from 'node:crypto';
import * as operations from '@marketgraph/schema/generated/operations';
import { Person } from '../support/person.ts';
import { accepted, expectThat, type Report } from './report.ts';

const PASSWORD = 'a long enough secret';

export interface Vendor {
  person: Person;
  id: string;
  warehouses: string[];
  credentials: { email: string; password: string };
}

export interface StoryGraph {
  url: string;
  operator: { email: string; password: string };
  stripe: { apiUrl?: string; publishableKey: string };
}

/** New people at every run, so that the story can be played again on the same graph. */
export const aRun = (): string => randomBytes(4).toString('hex');

export const newKey = (): string => randomUUID();

export async function signIn(
  graph: StoryGraph,
  name: string,
  credentials: { email: string; password: string },
): Promise<Person> {
  const person = new Person(name, graph.url);
  const { login } = await person.ask(operations.LoginDocument, { input: credentials });
  person.accessToken = accepted('login', login.session, login.userErrors).accessToken;
  return person;
}

export async function registerBuyer(graph: StoryGraph, name: string, run: string): Promise<Person> {
  const email = `${name.toLowerCase()}-${run}@story.example`;
  const person = new Person(name, graph.url);
  const { register } = await person.ask(operations.RegisterDocument, {
    input: { email, password: PASSWORD, displayName: name, accountType: 'BUYER' },
  });
  accepted('register', register.user, register.userErrors);
  return signIn(graph, name, { email, password: PASSWORD });
}

/** Register → apply → KYC → approval by the operator. */
export async function registerVendor(
  graph: StoryGraph,
  { name, run, operator, report }: { name: string; run: string; operator: Person; report: Report },
): Promise<Vendor> {
  const handle = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}-${run}`;
  const credentials = { email: `${handle}@story.example`, password: PASSWORD };
  const person = new Person(name, graph.url);
  const { register } = await person.ask(operations.RegisterDocument, {
    input: {
      ...credentials,
      displayName: name,
      accountType: 'VENDOR',
      organization: { name: `${name} Ltd`, type: 'SELLER' },
    },
  });
  person.accessToken = accepted('register', register.session, register.userErrors).accessToken;
  const { me } = await person.ask(operations.MeDocument, {});
  const organization = me?.memberships[0]?.organization;
  expectThat(organization !== undefined, 'a vendor account has a seller organization', me);

  const { vendorApply } = await person.ask(operations.VendorApplyDocument, {
    input: {
      businessName: name,
      handle,
      organizationId: organization.id,
      address: { line1: '1 Market Square', city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
    },
  });
  const applied = accepted('vendorApply', vendorApply.vendor, vendorApply.userErrors);
  expectThat(applied.status === 'APPLIED', 'an application begins as APPLIED', applied);

  const uploadId = await upload(
    person,
    { filename: 'register.pdf', contentType: 'application/pdf' },
    '%PDF-1.4 extract of the register',
  );
  const { vendorKycSubmit } = await person.ask(operations.VendorKycSubmitDocument, {
    input: { vendorId: applied.id, documents: [{ kind: 'REGISTER_EXTRACT', uploadId }] },
  });
  const submitted = accepted('vendorKycSubmit', vendorKycSubmit.vendor, vendorKycSubmit.userErrors);
  expectThat(submitted.kycStatus === 'SUBMITTED', 'documents make the KYC SUBMITTED', submitted);

  const { vendorReview } = await operator.ask(operations.VendorReviewDocument, {
    input: { id: applied.id, decision: 'APPROVE', expectedVersion: submitted.version },
  });
  const approved = accepted('vendorReview', vendorReview.vendor, vendorReview.userErrors);
  expectThat(
    approved.status === 'ACTIVE' && approved.kycStatus === 'VERIFIED',
    'approval makes a vendor ACTIVE',
    approved,
  );
  report.saw(`${name} registered, applied, submitted KYC, was approved: ${approved.status}, ${approved.kycStatus}`);

  const vendor: Vendor = { person, id: applied.id, warehouses: [], credentials };
  for (const code of ['NORTH', 'SOUTH']) {
    const { warehouseUpsert } = await person.ask(operations.WarehouseUpsertDocument, {
      input: { code: `${code}-${run}`, name: `${name} ${code.toLowerCase()}`, region: 'EU', vendorId: vendor.id },
    });
    vendor.warehouses.push(accepted('warehouseUpsert', warehouseUpsert.warehouse, warehouseUpsert.userErrors).id);
  }
  return vendor;
}

/** A presigned upload, as a browser does it: ask for the URL, then PUT the bytes there. */
export async function upload(
  person: Person,
  file: { filename: string; contentType: string },
  content: string | Buffer,
): Promise<string> {
  const { mediaUploadCreate } = await person.ask(operations.MediaUploadCreateDocument, {
    input: { ...file, byteSize: Buffer.byteLength(content) },
  });
  const uploadId = accepted('mediaUploadCreate', mediaUploadCreate.uploadId, mediaUploadCreate.userErrors);
  const response = await fetch(mediaUploadCreate.uploadUrl!, {
    method: 'PUT',
    headers: { 'content-type': file.contentType },
    body: content as BodyInit,
  });
  expectThat(response.ok, `the upload of ${file.filename} is accepted`, response.status);
  return uploadId;
}

/** Units of one offer in the vendor's warehouses, in their order. */
export async function setStock(vendor: Vendor, offerId: string, units: readonly number[]): Promise<void> {
  for (const [index, onHand] of units.entries()) {
    const { inventorySet } = await vendor.person.ask(operations.InventorySetDocument, {
      input: { offerId, warehouseId: vendor.warehouses[index]!, onHand, expectedVersion: 0 },
      idempotencyKey: newKey(),
    });
    accepted('inventorySet', inventorySet.stockLevel, inventorySet.userErrors);
  }
}
