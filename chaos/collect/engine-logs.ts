import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';

import type { PrintedLine } from '../check/facts';
import { fold } from '../padding';

/** What an engine has noted of its containers, each known by the first 12 digits of its id. */
export interface EngineNotes {
  /** The lines in each log file that was caught; the engine must not have begun another for the same container. */
  lines: Map<string, PrintedLine[]>;
  /** When it noted that a container had started, in milliseconds since 1970. */
  startedAtMs: Map<string, number>;
}

/**
 * Keeps the engine's own log file of every container open beyond its removal, and the first start that it noted. So in the
 * end it can be told whether a line was lost on the way from the engine to us, or never came to the engine's file.
 */
export interface EngineLogs {
  notes(): EngineNotes;
  stop(): void;
}

const LOOK_EVERY_MS = 250;

export function keepEngineLogs(containersFolder: string): EngineLogs {
  const open = new Map<string, number>();
  const removed = new Map<string, PrintedLine[]>();
  const seen = new Set<string>();
  const startedAtMs = new Map<string, number>();
  const look = (): void => {
    for (const id of existsSync(containersFolder) ? readdirSync(containersFolder) : []) {
      const startedAt = startedAtMs.has(shortId(id)) ? null : readStart(join(containersFolder, id, 'config.v2.json'));
      if (startedAt !== null) startedAtMs.set(shortId(id), startedAt);
      const descriptor = seen.has(id) ? null : openLog(join(containersFolder, id, `${id}-json.log`));
      if (descriptor === null) continue;
      seen.add(id);
      open.set(id, descriptor);
    }
    for (const [id, descriptor] of open) {
      if (fstatSync(descriptor).nlink > 0) continue;
      removed.set(shortId(id), parseEngineLog(readFrom(descriptor)));
      closeSync(descriptor);
      open.delete(id);
    }
  };
  // Both: the watcher sees containers that live for a moment, the timer those whose file came after the watcher looked.
  const watcher = watch(containersFolder, look);
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    notes: () => {
      look();
      const lines = new Map(removed);
      for (const [id, descriptor] of open) lines.set(shortId(id), parseEngineLog(readFrom(descriptor)));
      return { lines, startedAtMs };
    },
    stop: () => {
      watcher.close();
      clearInterval(timer);
      for (const descriptor of open.values()) closeSync(descriptor);
      open.clear();
    },
  };
}

const shortId = (id: string): string => id.slice(0, 12);

/** Null where the engine has not noted a start. It replaces the file as a whole, so it is never read in halves. */
function readStart(file: string): number | null {
  try {
    const { State } = JSON.parse(readFileSync(file, 'utf8')) as { State: { StartedAt: string } };
    const startedAtMs = Date.parse(State.StartedAt);
    return startedAtMs > 0 ? startedAtMs : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Null where the file is not there: not yet, or not any more. */
function openLog(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readFrom(descriptor: number): string {
  return readFileSync(`/proc/self/fd/${descriptor}`, 'utf8');
}

/**
 * The lines of a file of the json-file driver, folded. The engine cuts a long line into pieces, each a record, and only the last
 * ends it; what comes next of a stream after a killed engine goes on where the pieces end, also in another line. A record that
 * a killed engine wrote only in part is none.
 */
export function parseEngineLog(content: string): PrintedLine[] {
  const lines: PrintedLine[] = [];
  const begun = new Map<PrintedLine['stream'], string>();
  for (const { log, stream } of recordsOf(content)) {
    const text = (begun.get(stream) ?? '') + log;
    begun.delete(stream);
    if (text.endsWith('\n')) lines.push({ stream, text: fold(text.slice(0, -1)) });
    else begun.set(stream, text);
  }
  for (const [stream, text] of begun) lines.push({ stream, text: fold(text) });
  return lines;
}

function* recordsOf(content: string): Generator<{ log: string; stream: PrintedLine['stream'] }> {
  for (const record of content.split('\n')) {
    try {
      yield JSON.parse(record) as { log: string; stream: PrintedLine['stream'] };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}
