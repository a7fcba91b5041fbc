import type { ContainerInfo } from '../docker/engine';
import type { LogStore, LogWriter } from '../store/log-store';

/**
 * Writes what people must know of how an attempt runs as the first lines of its log, once. Nothing for a container.
 *
 * @param writer one that has nothing of the attempt yet, or was closed before this was done.
 */
export async function introduce(
  logs: LogStore,
  { runId, attempt }: { runId: string; attempt: number },
  writer: LogWriter,
  { preamble = [], startedAt }: ContainerInfo,
): Promise<void> {
  if (preamble.length === 0 || startedAt === null || writer.attemptLines > 0) return;
  for await (const lines of logs.read(runId, { attempt, streams: ['system'] })) {
    if (lines.some(({ text }) => text === preamble[0])) return;
  }
  await writer.append(preamble.map((text) => ({ time: startedAt, stream: 'system', text })));
}
