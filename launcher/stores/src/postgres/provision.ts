import type { Client } from 'pg';
import { withClient } from './client.ts';

export interface DatabaseSpec {
  readonly database: string;
  /** Owns the tables: migrations run as this role. */
  readonly ownerRole: string;
  readonly ownerPassword: string;
  /** Reads and writes rows, and cannot change a table. The service runs as this role. */
  readonly appRole: string;
  readonly appPassword: string;
}

export interface DatabaseUrls {
  readonly appUrl: string;
  readonly ownerUrl: string;
}

/**
 * One database with its two roles; nobody else can connect. Safe to repeat: what is there is left, passwords are set
 * to the given ones.
 */
export async function provisionDatabase(superuserUrl: string, spec: DatabaseSpec): Promise<DatabaseUrls> {
  for (const name of [spec.database, spec.ownerRole, spec.appRole]) assertName(name);
  await withClient(superuserUrl, async (client) => {
    // Roles and databases are shared rows: two who change them at once fail with "tuple concurrently updated". The
    // lock is the session's and ends with it.
    await client.query('select pg_advisory_lock($1)', [PROVISION_LOCK]);
    await ensureRole(client, spec.ownerRole, spec.ownerPassword);
    await ensureRole(client, spec.appRole, spec.appPassword);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [spec.database]);
    if (rowCount === 0) await client.query(`create database ${id(spec.database)} owner ${id(spec.ownerRole)}`);
    await client.query(closeDatabase(spec));
    const { rowCount: openOnes } = await client.query(OPEN_SYSTEM_DATABASES);
    if (openOnes !== 0) await client.query('revoke all on database postgres, template1 from public');
    await withClient(withDatabase(superuserUrl, spec.database), (inside) => inside.query(grantRows(spec)));
  });
  return {
    ownerUrl: asRole(superuserUrl, spec.database, spec.ownerRole, spec.ownerPassword),
    appUrl: asRole(superuserUrl, spec.database, spec.appRole, spec.appPassword),
  };
}

async function ensureRole(client: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  const verb = rowCount === 0 ? 'create' : 'alter';
  await client.query(
    `${verb} role ${id(role)} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${client.escapeLiteral(password)}`,
  );
}

const PROVISION_LOCK = 7_301_002;

const closeDatabase = ({ database, ownerRole, appRole }: DatabaseSpec): string => `
  revoke all on database ${id(database)} from public;
  grant connect on database ${id(database)} to ${id(ownerRole)}, ${id(appRole)};`;

// The databases PostgreSQL brings along let everybody in until told otherwise.
const OPEN_SYSTEM_DATABASES = `
  select 1 from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) as acl
  where datname in ('postgres', 'template1') and acl.grantee = 0`;

// Only defaults for what the owner creates from now on. Granting on tables that exist would, at every start, give
// back what a migration took away on purpose: the ledger may not be updated.
const grantRows = ({ ownerRole, appRole }: DatabaseSpec): string => `
  revoke all on schema public from public;
  grant all on schema public to ${id(ownerRole)};
  grant usage on schema public to ${id(appRole)};
  alter default privileges for role ${id(ownerRole)} grant usage on schemas to ${id(appRole)};
  alter default privileges for role ${id(ownerRole)} grant select, insert, update, delete on tables to ${id(appRole)};
  alter default privileges for role ${id(ownerRole)} grant usage, select on sequences to ${id(appRole)};`;

export async function dropDatabase(superuserUrl: string, spec: DatabaseSpec): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    await client.query(`drop database if exists ${id(spec.database)} with (force)`);
    await client.query(`drop role if exists ${id(spec.appRole)}, ${id(spec.ownerRole)}`);
  });
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

function asRole(url: string, database: string, role: string, password: string): string {
  const changed = new URL(withDatabase(url, database));
  // The setters leave percent signs alone, which whoever reads the URL would then decode.
  changed.username = encodeURIComponent(role);
  changed.password = encodeURIComponent(password);
  return changed.href;
}

// PostgreSQL cuts a longer name short without a word, and readers of URLs disagree about the rest.
function assertName(name: string): void {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) {
    throw new Error(`"${name}" cannot be the name of a database or role: up to 63 of a-z, 0-9 and _, a letter first`);
  }
}

function id(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
