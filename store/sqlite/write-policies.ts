import type { PolicyFile } from '../../contract/named-policy';
import { writePolicyReference } from '../../contract/policy-reference';
import { jsonHash } from '../json-hash';
import { PolicyInFileError, type KeptPolicy, type PolicyImport } from '../policy-store';
import { inTransaction, type Database } from './database';
import type { PolicyReader } from './read-policies';

export interface PolicyWriter {
  put: (policy: PolicyFile) => KeptPolicy;
  importFiles: (policies: readonly (PolicyFile & { file: string })[]) => PolicyImport;
  remove: (name: string) => boolean;
}

/** What is in the table of names. */
interface Head {
  name: string;
  file: string | null;
  deleted_at: string | null;
}

type Statements = ReturnType<typeof prepareStatements>;

/** Each change reads and writes in one transaction that has the write lock, so no two give the same number. */
export function createPolicyWriter(database: Database, reader: PolicyReader): PolicyWriter {
  const statements = prepareStatements(database);
  const keep = (policy: PolicyFile, file: string | null): KeptPolicy => {
    const isNew = writeVersion(statements, policy, file);
    return { policy: reader.find(policy.name, null)!, isNew };
  };
  return {
    put: (policy) =>
      inTransaction(database, () => {
        refuseInFile(statements, policy.name);
        return keep(policy, null);
      }),
    importFiles: (policies) =>
      inTransaction(database, () => {
        const kept = policies.map((policy) => keep(policy, policy.file));
        const added = kept.filter(({ isNew }) => isNew).map(({ policy }) => writePolicyReference(policy));
        return { added, deleted: deleteWithoutFile(statements, new Set(policies.map(({ name }) => name))) };
      }),
    remove: (name) =>
      inTransaction(database, () => {
        refuseInFile(statements, name);
        return statements.deleteHead.run(now(), name).changes === 1;
      }),
  };
}

/** True where the content is not that of the newest version. */
function writeVersion(statements: Statements, { name, description, policy }: PolicyFile, file: string | null): boolean {
  const hash = jsonHash({ description, policy });
  statements.upsertHead.run(name, file);
  const newest = statements.newest.get(name) as { version: number; hash: string } | undefined;
  if (newest?.hash === hash) return false;
  const version = (newest?.version ?? 0) + 1;
  statements.insertVersion.run(name, version, hash, description, JSON.stringify(policy), now());
  return true;
}

function deleteWithoutFile(statements: Statements, names: ReadonlySet<string>): string[] {
  const gone = (statements.inFiles.all() as Head[]).filter(({ name }) => !names.has(name));
  for (const { name } of gone) {
    statements.forgetFile.run(name);
    statements.deleteHead.run(now(), name);
  }
  return gone.map(({ name }) => name);
}

function refuseInFile(statements: Statements, name: string): void {
  const head = statements.head.get(name) as Head | undefined;
  if (head !== undefined && head.file !== null) throw new PolicyInFileError(name, head.file);
}

function prepareStatements(database: Database) {
  return {
    head: database.prepare('SELECT * FROM policies WHERE name = ?'),
    inFiles: database.prepare('SELECT * FROM policies WHERE file IS NOT NULL ORDER BY name'),
    upsertHead: database.prepare(`
      INSERT INTO policies (name, file) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET file = excluded.file, deleted_at = NULL`),
    deleteHead: database.prepare('UPDATE policies SET deleted_at = ? WHERE name = ? AND deleted_at IS NULL'),
    forgetFile: database.prepare('UPDATE policies SET file = NULL WHERE name = ?'),
    newest: database.prepare('SELECT version, hash FROM policy_versions WHERE name = ? ORDER BY version DESC LIMIT 1'),
    insertVersion: database.prepare(`
      INSERT INTO policy_versions (name, version, hash, description, policy, created_at) VALUES (?, ?, ?, ?, ?, ?)`),
  };
}

function now(): string {
  return new Date().toISOString();
}
