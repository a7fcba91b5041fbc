import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import type { LogLine, LogQuery } from '../../store/log-store';
import { findRun } from './find-run';
import { formatLines, type LogFormat } from './log-formats';
import type { Services } from './services';
import { withHeartbeat } from './with-heartbeat';

/** Proxies and browsers give up on a stream that is silent for longer than about a minute, and HTTP libraries after a few. */
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it connects again, in milliseconds. */
const SSE_RETRY_MS = 2_000;

export interface LogRequest {
  runId: string;
  format: LogFormat;
  follow: boolean;
  timestamps: boolean;
  query: LogQuery;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
  heartbeatMs?: number;
}

/** Whether a client that reads again from a line on has all there will ever be. */
export async function isAllRead(services: Services, run: Run, lastNumber: number): Promise<boolean> {
  if (!isEndState(run.state)) return false;
  const size = await services.logStore.size(run.id);
  return size === null || size.lines <= lastNumber;
}

/** The log in its format, piece by piece; nothing is read ahead of what the client takes. */
export async function* readLog(services: Services, request: LogRequest): AsyncGenerator<string> {
  const { format, timestamps, heartbeatMs = HEARTBEAT_MS } = request;
  const heartbeat = heartbeatOf(request);
  const lines = linesOf(services, request);
  // Sends the head of the answer: a follow that has nothing to tell yet has begun all the same.
  yield format === 'sse' ? `retry: ${SSE_RETRY_MS}\n\n` : '';
  for await (const batch of withHeartbeat(lines, heartbeatMs)) {
    const piece = batch === 'heartbeat' ? heartbeat : formatLines(batch, format, timestamps);
    if (piece !== '') yield piece;
  }
  // Without it a browser cannot tell the end from a lost connection.
  if (format === 'sse' && !request.signal.aborted) yield await endEvent(services, request.runId);
}

/** What a client that waits for lines gets in place of one; text has no room for what the training did not print. */
function heartbeatOf({ format, follow }: LogRequest): string {
  if (format === 'sse') return ': still here\n\n';
  return format === 'ndjson' && follow ? '\n' : '';
}

/**
 * The lines themselves: those that there are, or also those that come until the run has ended.
 *
 * @throws {LogRemovedError} or {LogHoleError} in the middle, so that nobody takes half a log for all of it.
 */
export function linesOf(
  { logStore, runStore }: Services,
  { runId, follow, query, signal }: Pick<LogRequest, 'runId' | 'follow' | 'query' | 'signal'>,
): AsyncIterable<LogLine[]> {
  const wanted = { ...query, whole: true, signal };
  if (!follow) return logStore.read(runId, wanted);
  const ended = async (): Promise<boolean> => {
    const stored = await runStore.getRun(runId);
    return stored !== null && isEndState(stored.run.state);
  };
  return logStore.follow(runId, { ...wanted, ended });
}

/** What is told of the run where its log ends. */
export async function describeLogEnd(
  services: Services,
  runId: string,
): Promise<Pick<Run, 'state' | 'reason' | 'message'>> {
  const { state, reason, message } = (await findRun(services, runId)).run;
  return { state, reason, message };
}

/**
 * The id of the end is that of the log's last line, wanted or not: a browser that comes again all the same has then read
 * all there will ever be.
 */
async function endEvent(services: Services, runId: string): Promise<string> {
  const end = await describeLogEnd(services, runId);
  const size = isEndState(end.state) ? await services.logStore.size(runId) : null;
  const id = size === null ? '' : `id: ${size.lines}\n`;
  return `event: end\n${id}data: ${JSON.stringify(end)}\n\n`;
}
