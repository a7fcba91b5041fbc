import type { RunDetail } from '../contract/http';
import type { RunEvent } from '../contract/run';
import { isEndState, type EndState } from '../contract/state';
import type { ApiClient } from './api-client';
import { EXIT, type ExitCode } from './exit-codes';
import { followLog } from './follow-log';
import { coloredState, color } from './format';
import type { Io } from './io';
import { createLiveLine, type LiveLine } from './live-line';
import { formatLogLine, formatNote, type LogLine } from './log';
import { epochOf, liveText, type Progress } from './progress';
import { ranFor } from './run-table';
import { watchRun } from './watch-run';

const REDRAW_EVERY_MS = 100;
const YELLOW = 33;
const EXIT_OF_STATE: Record<EndState, ExitCode> = {
  succeeded: EXIT.ok,
  failed: EXIT.failed,
  cancelled: EXIT.cancelled,
};

/**
 * Shows a run until it has ended: the lines of the training on standard output, what Trainyard says about it on standard
 * error, and on a terminal one line at the end that tells where it stands. Ctrl-C stops the showing, not the run.
 *
 * @returns the exit code that tells how the run ended.
 */
export async function followRun(api: ApiClient, runId: string, io: Io, json: boolean): Promise<ExitCode> {
  io.catchInterrupt();
  const over = new AbortController();
  const signal = AbortSignal.any([io.interrupted, over.signal]);
  const show = json ? showAsJson(io) : showForPeople(io, runId);
  try {
    const logs = (async () => {
      for await (const line of followLog(api, runId, { query: {}, signal, onAway: show.away })) show.line(line);
    })();
    const ending = (async () => {
      let run: RunDetail | undefined;
      for await (const sight of watchRun(api, runId, { signal, onAway: show.away })) {
        run = sight.run;
        show.sight(run, sight.events);
      }
      return run;
    })();
    const [run] = await Promise.all([ending, logs]);
    if (io.interrupted.aborted || !run || !isEndState(run.state)) return detached(io, runId, show);
    show.end(run);
    return EXIT_OF_STATE[run.state];
  } catch (error) {
    if (io.interrupted.aborted) return detached(io, runId, show);
    throw error;
  } finally {
    over.abort();
    show.close();
  }
}

function detached(io: Io, runId: string, show: Show): ExitCode {
  show.close();
  io.err(`The run ${runId} goes on. See it again: trainyard logs -f ${runId}   Cancel it: trainyard cancel ${runId}\n`);
  return EXIT.interrupted;
}

/** How a followed run is shown. */
interface Show {
  line: (line: LogLine) => void;
  sight: (run: RunDetail, events: readonly RunEvent[]) => void;
  end: (run: RunDetail) => void;
  away: (away: boolean) => void;
  close: () => void;
}

/** NDJSON: `{"type":"event" | "log" | "run", …}`, the ended run last. */
function showAsJson(io: Io): Show {
  const write = (type: string, document: object): void => io.out(`${JSON.stringify({ type, ...document })}\n`);
  return {
    line: (line) => write('log', { line }),
    sight: (_, events) => events.forEach((event) => write('event', { event })),
    end: (run) => write('run', { run }),
    away: () => undefined,
    close: () => undefined,
  };
}

function showForPeople(io: Io, runId: string): Show {
  const live = createLiveLine(io);
  let progress: Progress = { epoch: null, attempt: 0 };
  let shown: { run: RunDetail; sinceMs: number } | undefined;
  let away = false;
  const redraw = (): void => {
    if (away) live.show(`${runId}: the server does not answer; asking again …`);
    else if (shown) live.show(liveText(shown.run, progress, shown.sinceMs, Date.now()));
  };
  const timer = io.liveColumns() === null ? undefined : setInterval(redraw, REDRAW_EVERY_MS);
  return {
    line: (line) => {
      if (line.note !== undefined) return live.above(() => io.err(noteLine(line, io)));
      const epoch = epochOf(line.text);
      if (epoch !== null) progress = { epoch, attempt: line.attempt };
      live.above(() => io.out(formatLogLine(line, false, io)));
    },
    sight: (run, events) => {
      const sinceMs = run.state === shown?.run.state ? shown.sinceMs : Date.parse(events.at(-1)?.at ?? run.createdAt);
      shown = { run, sinceMs };
      live.above(() => events.forEach((event) => tell(io, event)));
    },
    end: (run) => endShow(io, live, run),
    away: (isAway) => {
      away = isAway;
      if (io.liveColumns() === null)
        io.err(isAway ? 'The server does not answer; asking again.\n' : 'The server is back.\n');
    },
    close: () => {
      clearInterval(timer);
      live.end();
    },
  };
}

function noteLine(line: LogLine, { errColors }: Io): string {
  return `${color(`· ${formatNote(line)}`, YELLOW, errColors)}\n`;
}

/** On a terminal the live line tells the states; what is not a state alone is worth a line there too. */
function tell(io: Io, { type, state, message }: RunEvent): void {
  if (isEndState(state)) return;
  if (io.liveColumns() === null || type !== 'state-changed') io.err(`${color(`· ${message}`, 90, io.errColors)}\n`);
}

function endShow(io: Io, live: LiveLine, run: RunDetail): void {
  live.end();
  const tries = run.attempt > 1 ? ` on attempt ${run.attempt}` : '';
  const ran = run.startedAt === null ? '' : ` after ${ranFor(run, Date.now())}`;
  io.err(
    `${run.id} ${coloredState(run.state as EndState, io.errColors)}${tries}${ran}. ${run.message ?? ''}`.trimEnd() +
      '\n',
  );
}
