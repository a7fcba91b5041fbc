import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';

import type { PrintedLine } from '../check/facts';

/** What an engine has noted of its containers. */
export interface EngineNotes {
  /** The lines in its log files, by the nonce that ends each line. */
  lines: Map<string, PrintedLine[]>;
  /** When it noted that a container had started, in milliseconds since 1970, by the first 12 digits of the id. */
  startedAtMs: Map<string, number>;
  /** Containers whose log file was caught, by the same; one of which there are no lines has none in its file. */
  caught: Set<string>;
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
  const removed: PrintedLine[][] = [];
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
      removed.push(parseEngineLog(readFrom(descriptor)));
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
      const kept = [...open.values()].map((descriptor) => parseEngineLog(readFrom(descriptor)));
      return { lines: byNonce([...removed, ...kept]), startedAtMs, caught: new Set([...seen].map(shortId)) };
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

function byNonce(logs: PrintedLine[][]): Map<string, PrintedLine[]> {
  const lines = new Map<string, PrintedLine[]>();
  for (const log of logs) {
    for (const [index, line] of log.entries()) {
      const nonce = nonceOf(log, index);
      const ofNonce = lines.get(nonce);
      if (ofNonce) ofNonce.push(line);
      else lines.set(nonce, [line]);
    }
  }
  return lines;
}

/** Of a line that was torn within its nonce, that of the next. */
function nonceOf(log: readonly PrintedLine[], index: number): string {
  const own = log[index]!;
  const line = isWhole(own) ? own : (log.slice(index).find(isWhole) ?? log.slice(0, index).findLast(isWhole) ?? own);
  return line.text.slice(line.text.lastIndexOf(' ') + 1);
}

const isWhole = ({ text }: PrintedLine): boolean => text.includes(' ');

/** The lines of a file of the json-file driver. A record that a killed engine wrote only in part is none. */
export function parseEngineLog(content: string): PrintedLine[] {
  return content.split('\n').flatMap((record) => {
    try {
      const { log, stream } = JSON.parse(record) as { log: string; stream: PrintedLine['stream'] };
      return [{ stream, text: log.replace(/\n$/, '') }];
    } catch {
      return [];
    }
  });
}
