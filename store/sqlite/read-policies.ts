import type { NamedPolicy } from '../../contract/named-policy';
import type { Database } from './database';

export interface PolicyReader {
  find: (name: string, version: number | null) => NamedPolicy | null;
  list: () => NamedPolicy[];
  versions: (name: string) => NamedPolicy[];
}

interface PolicyRow {
  name: string;
  version: number;
  description: string;
  policy: string;
  created_at: string;
  file: string | null;
  deleted_at: string | null;
}

export function createPolicyReader(database: Database): PolicyReader {
  const from = 'SELECT * FROM policy_versions v JOIN policies p USING (name)';
  const one = database.prepare(`${from} WHERE name = ? AND version = ?`);
  const all = database.prepare(`${from} WHERE name = ? ORDER BY version DESC`);
  const newest = database.prepare(
    `${from} WHERE p.deleted_at IS NULL
     AND version = (SELECT max(version) FROM policy_versions other WHERE other.name = v.name) ORDER BY name`,
  );
  const versions = (name: string): NamedPolicy[] => (all.all(name) as PolicyRow[]).map(policyFromRow);
  return {
    find: (name, version) => {
      if (version === null) return versions(name)[0] ?? null;
      const row = one.get(name, version) as PolicyRow | undefined;
      return row === undefined ? null : policyFromRow(row);
    },
    list: () => (newest.all() as PolicyRow[]).map(policyFromRow),
    versions,
  };
}

function policyFromRow(row: PolicyRow): NamedPolicy {
  return {
    name: row.name,
    version: row.version,
    description: row.description,
    policy: JSON.parse(row.policy) as NamedPolicy['policy'],
    createdAt: row.created_at,
    file: row.file,
    deletedAt: row.deleted_at,
  };
}
