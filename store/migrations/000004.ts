/** Named policies. A version is written once and stays, for the runs that were started with it. */
export const sql = `
CREATE TABLE policies (
  name TEXT PRIMARY KEY,
  -- Null where it came over the API.
  file TEXT,
  -- Null while new runs may use it.
  deleted_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_versions (
  name TEXT NOT NULL REFERENCES policies,
  version INTEGER NOT NULL,
  -- SHA-256 of description and policy: the same content is no new version.
  hash TEXT NOT NULL,
  description TEXT NOT NULL,
  policy TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
`;
