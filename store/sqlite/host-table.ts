import { DEFAULT_POOL } from '../../contract/names';
import type { HostReport } from '../run-store';
import type { Database } from './database';
import { toInstant } from './rows';

/** What hosts say of themselves, the newest report of each. */
export function createHostTable(database: Database) {
  const hosts = database.prepare('SELECT report FROM hosts ORDER BY name');
  const upsert = database.prepare(`
    INSERT INTO hosts (name, reported_at, report) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET reported_at = excluded.reported_at, report = excluded.report
    WHERE excluded.reported_at >= hosts.reported_at`);
  const remove = database.prepare('DELETE FROM hosts WHERE name = ? AND reported_at = ?');

  return {
    reportHost: (report: HostReport): void => {
      upsert.run(report.name, toInstant(report.reportedAt), JSON.stringify(report));
    },
    /** False where the host has reported since. */
    removeHost: (name: string, reportedAt: string) => remove.run(name, toInstant(reportedAt)).changes > 0,
    listHosts: () => (hosts.all() as { report: string }[]).map(({ report }) => reportFromText(report)),
  };
}

/** What a host did not report before it could. */
const UNREPORTED = {
  engineAwaySince: null,
  fallback: 'none',
  fallbackAfterMs: 0,
  pool: DEFAULT_POOL,
  labels: {},
  gpus: [],
  reconciled: 'all',
  refuses: [],
  flags: [],
  operatingSystem: null,
  kernel: null,
  disks: [],
} as const;

function reportFromText(text: string): HostReport {
  return { ...structuredClone(UNREPORTED), ...(JSON.parse(text) as HostReport) };
}
