import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { RetentionActivities, RetentionReport } from '../contract/retention';
import type { Run } from '../contract/run';
import { isEndState } from '../contract/state';
import { formatSize } from '../contract/units';
import { type LogFacts, type LogRemoval, planRetention, type RetentionRules } from '../policy/retention';
import type { LogStore, StoredLog } from '../store/log-store';
import type { RunStore } from '../store/run-store';

export interface RetentionDeps {
  store: RunStore;
  logs: LogStore;
  /** Removes what a run that has ended left to go on from. */
  removeCheckpoints: (runId: string) => Promise<void>;
  config: { logs: Pick<Config['logs'], 'retention' | 'maxTotalBytes'> };
  log: Logger;
  /** Tells that the activity is alive; throws where it shall stop. */
  heartbeat: (details: unknown) => void;
  /** Default: the clock of the machine. */
  now?: () => Date;
}

/** The removal of old logs; what it promises stands in contract/activities. */
export function createRetentionActivities(deps: RetentionDeps): RetentionActivities {
  return { removeOldLogs: async () => removeOldLogs(deps) };
}

async function removeOldLogs(deps: RetentionDeps): Promise<RetentionReport> {
  const { config, log, now = () => new Date() } = deps;
  const facts: KnownLog[] = [];
  for await (const stored of deps.logs.list()) facts.push(await learn(deps, stored, facts.length));

  const begun = facts.filter((known) => known.isBeingRemoved);
  const whole = facts.filter((known) => !known.isBeingRemoved);
  const plan = planRetention(whole, config.logs, now().getTime());
  const report: RetentionReport = {
    removedForAge: 0,
    removedForSize: 0,
    completed: 0,
    freedBytes: 0,
    keptLogs: facts.length,
    keptBytes: facts.reduce((sum, { bytes }) => sum + bytes, 0),
    failed: 0,
    overBytes: plan.overBytes,
  };
  // What a process that died left half done goes by the reason that is recorded.
  for (const { runId, bytes } of begun) await remove(deps, { runId, bytes, because: 'begun' }, '', report);
  for (const removal of plan.removals) await remove(deps, removal, reasonOf(removal, whole, config.logs), report);

  if (report.overBytes > 0) {
    log.warn(report, 'The logs are larger than logs.maxTotalBytes, and none is left that may be removed');
  } else log.info(report, 'Old logs were looked for');
  return report;
}

type KnownLog = LogFacts & Pick<StoredLog, 'isBeingRemoved'>;

const TURN_EVERY = 100;

async function learn({ store, heartbeat }: RetentionDeps, stored: StoredLog, count: number): Promise<KnownLog> {
  if (count % TURN_EVERY === 0) {
    heartbeat({ logs: count });
    await nextTurn();
  }
  const known = await store.getRun(stored.runId);
  return {
    ...stored,
    endedAtMs: await endOf(store, known?.run),
    // The spec of a run that an earlier version admitted has no such part.
    retention: known?.spec?.logs?.retention ?? null,
  };
}

/** When a run ended, and for a node the gang as well, whose log its own is a part of; null while either goes on. */
async function endOf(store: RunStore, run: Run | undefined): Promise<number | null> {
  if (run === undefined || !isEndState(run.state) || run.endedAt === null) return null;
  const endedAtMs = Date.parse(run.endedAt);
  if (run.gangOf === null) return endedAtMs;
  const gangEndedAtMs = await endOf(store, (await store.getRun(run.gangOf))?.run);
  return gangEndedAtMs === null ? null : Math.max(endedAtMs, gangEndedAtMs);
}

type Removal = Omit<LogRemoval, 'because'> & { because: LogRemoval['because'] | 'begun' };

const COUNTED_AS = { age: 'removedForAge', size: 'removedForSize', begun: 'completed' } as const satisfies Record<
  Removal['because'],
  keyof RetentionReport
>;

/** A log that cannot be removed now, such as one that is still being written, is left for the next time. */
async function remove(
  { logs, removeCheckpoints, log, heartbeat }: RetentionDeps,
  { runId, bytes, because }: Removal,
  reason: string,
  report: RetentionReport,
): Promise<void> {
  heartbeat({ removing: runId });
  try {
    // Checkpoints first: a run without a log is not looked at again.
    await removeCheckpoints(runId);
    await logs.remove(runId, reason);
  } catch (error) {
    log.warn(
      { err: error, runId },
      'An old log, or the checkpoints of its run, cannot be removed now; the next time tries again',
    );
    report.failed += 1;
    return;
  }
  log.info({ runId, bytes, because }, 'An old log was removed');
  report[COUNTED_AS[because]] += 1;
  report.freedBytes += bytes;
  report.keptLogs -= 1;
  report.keptBytes -= bytes;
}

/** The end of a sentence that begins with "it was removed, because". */
function reasonOf({ runId, because }: LogRemoval, logs: readonly LogFacts[], rules: RetentionRules): string {
  if (because === 'size') return `all logs together were larger than ${formatSize(rules.maxTotalBytes)}`;
  const own = logs.find((log) => log.runId === runId)?.retention;
  return own == null
    ? `logs are kept for ${rules.retention} after the end of a run`
    : `its spec asks that it be kept for ${own} after its end`;
}
