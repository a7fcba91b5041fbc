import type { ApiClient, Query } from './api-client';
import { type LogLine, logPath } from './log';
import { createPlace } from './log-place';
import { isAway } from './patience';

/**
 * The lines of a run's log that there are. An answer that breaks off is asked for once more from the line after the last one that
 * came: the rest comes, or the server says what became of it, as where the log was removed meanwhile.
 */
export async function* readLog(
  api: ApiClient,
  runId: string,
  { query, signal }: { query: Query; signal: AbortSignal },
): AsyncIterable<LogLine> {
  const place = createPlace(query);
  for (;;) {
    let hasGained = false;
    try {
      for await (const line of api.stream<LogLine>(logPath(runId), place.query(), signal)) {
        hasGained = true;
        place.take(line);
        yield line;
      }
      return;
    } catch (error) {
      if (signal.aborted || !isAway(error) || !hasGained) throw error;
    }
  }
}
