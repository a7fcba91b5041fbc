import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import type { LogLine, LogQuery, LogStream } from '../../store/log-store';
import { findRun } from './find-run';
import { formatLines, type LogFormat } from './log-formats';
import type { Services } from './services';
import { withHeartbeat } from './with-heartbeat';

/** Proxies and browsers give up on a stream that is silent for longer than about a minute. */
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

/** The streams of a log that a request is for; system lines only where they are asked for. */
export function chooseStreams(stream: LogStream[] | undefined, system: boolean): LogStream[] {
  const chosen: LogStream[] = stream ?? ['stdout', 'stderr'];
  return system && !chosen.includes('system') ? [...chosen, 'system'] : chosen;
}

/** Whether a client that reads again from a line on has all there will ever be. */
export async function isAllRead(services: Services, run: Run, lastNumber: number): Promise<boolean> {
  if (!isEndState(run.state)) return false;
  const size = await services.logStore.size(run.id);
  return size === null || size.lines <= lastNumber;
}

/** The log in its format, piece by piece; nothing is read ahead of what the client takes. */
export async function* readLog(services: Services, request: LogRequest): AsyncGenerator<string> {
  const { format, follow, heartbeatMs = HEARTBEAT_MS } = request;
  const lines = follow ? followLines(services, request) : services.logStore.read(request.runId, request.query);
  if (format !== 'sse') {
    // Sends the head of the answer: a follow that has nothing to tell yet has begun all the same.
    yield '';
    for await (const batch of lines) yield formatLines(batch, format, request.timestamps);
    return;
  }
  yield `retry: ${SSE_RETRY_MS}\n\n`;
  for await (const batch of withHeartbeat(lines, heartbeatMs)) {
    yield batch === 'heartbeat' ? ': still here\n\n' : formatLines(batch, format, request.timestamps);
  }
  // Without it a browser cannot tell the end from a lost connection.
  if (!request.signal.aborted) yield await endEvent(services, request.runId);
}

function followLines(services: Services, { runId, query, signal }: LogRequest): AsyncIterable<LogLine[]> {
  const ended = async (): Promise<boolean> => {
    const stored = await services.runStore.getRun(runId);
    return stored !== null && isEndState(stored.run.state);
  };
  return services.logStore.follow(runId, { ...query, ended, signal });
}

async function endEvent(services: Services, runId: string): Promise<string> {
  const { run } = await findRun(services, runId);
  return `event: end\ndata: ${JSON.stringify({ state: run.state, reason: run.reason, message: run.message })}\n\n`;
}
