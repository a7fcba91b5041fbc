import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import type { LogQuery } from '../../store/log-store';
import { findRun } from './find-run';
import { openLines, type OpenLines } from './open-lines';
import { formatLines, type LogFormat } from './log-formats';
import type { Services } from './services';
import { within, withHeartbeat } from './with-heartbeat';

/** Proxies and browsers give up on a stream that is silent for longer than about a minute, and HTTP libraries after a few. */
const HEARTBEAT_MS = 15_000;
/** How long the head of an answer may wait until it is known where the follow begins. */
const BEGIN_WITHIN_MS = 2_000;
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

/** A log that is being read. */
export interface OpenLog {
  /** Number of the line that a follow begins at, where its client gets it no other way; null also where it is not known yet. */
  from: number | null;
  /** The log in its format, piece by piece; nothing is read ahead of what the client takes. */
  pieces: AsyncGenerator<string>;
}

export async function openLog(services: Services, request: LogRequest): Promise<OpenLog> {
  const open = openLines(services, request);
  const { begin } = open;
  const from = begin !== null && request.format === 'ndjson' ? await within(begin, BEGIN_WITHIN_MS) : null;
  return { from: from === 'late' ? null : from, pieces: write(services, request, open) };
}

async function* write(services: Services, request: LogRequest, { lines, place }: OpenLines): AsyncGenerator<string> {
  const { format, timestamps, heartbeatMs = HEARTBEAT_MS } = request;
  // Sends the head of the answer: a follow that has nothing to tell yet has begun all the same.
  yield format === 'sse' ? `retry: ${SSE_RETRY_MS}\n\n` : '';
  for await (const batch of withHeartbeat(lines, heartbeatMs)) {
    const isHeartbeat = batch === 'heartbeat';
    const piece =
      isHeartbeat || batch.length === 0 ? signOf(request, isHeartbeat, place) : formatLines(batch, format, timestamps);
    if (piece !== '') yield piece;
  }
  // Without it a browser cannot tell the end from a lost connection.
  if (format === 'sse' && !request.signal.aborted) yield await endEvent(services, request.runId);
}

/** What a client gets where there is no line: when a follow has begun, and as a heartbeat. Text has room for neither. */
function signOf({ format, follow }: LogRequest, isHeartbeat: boolean, place: () => number | null): string {
  if (format === 'sse') return `${isHeartbeat ? ': still here\n' : ''}${idOf(place())}\n`;
  return format === 'ndjson' && follow && isHeartbeat ? '\n' : '';
}

/** An id without data is no event, but a browser that has to connect again goes on after it. */
function idOf(place: number | null): string {
  return place === null ? '' : `id: ${place - 1}\n`;
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
