import { unfold } from '../padding';
import type { EngineDeath, Execution, PrintedLine, RunFacts } from './facts';
import { isForgotten } from './forgotten';
import { STREAMS, textsOf } from './streams';
import { writtenByEngine } from './written-by-engine';

/** The lines of an execution that a reader of the engine can have got, and how many of the printed ones are not among them. */
export function couldBeStored(
  execution: Execution,
  { executions, stored }: Pick<RunFacts, 'executions' | 'stored'>,
  engineDeaths: readonly EngineDeath[],
): { lines: PrintedLine[]; lostByEngine: number } {
  if (isForgotten(execution, executions, engineDeaths)) return heardOfForgotten(execution, stored);
  const lines = reallyPrinted(execution, stored);
  const deaths = deathsOver(execution, engineDeaths);
  const { engineLog } = execution;
  if (deaths === 0 || engineLog === null) return { lines, lostByEngine: 0 };
  const left = STREAMS.flatMap((stream) =>
    writtenByEngine(textsOf(lines, stream), textsOf(engineLog, stream), deaths).map((text) => ({ stream, text })),
  );
  const written = new Set(left.map(({ text }) => text));
  return { lines: left, lostByEngine: lines.filter(({ text }) => !written.has(text)).length };
}

/**
 * Of an execution that its engine has forgotten, a reader has what that had written when it was killed: so much of the beginning of
 * each stream, at the end perhaps a part of a line. What its file has beyond that came to it only when the container was cleared away.
 */
function heardOfForgotten(
  { printed }: Execution,
  stored: RunFacts['stored'],
): { lines: PrintedLine[]; lostByEngine: number } {
  const lines = STREAMS.flatMap((stream) => {
    const texts = textsOf(printed, stream);
    const heard = textsOf(stored, stream);
    const whole = texts.slice(0, texts.findLastIndex((text) => heard.includes(text)) + 1);
    const [next, end] = [texts[whole.length], heard.at(-1)];
    const isTorn = next !== undefined && end !== undefined && end !== '' && unfold(next).startsWith(unfold(end));
    return [...whole, ...(isTorn ? [end] : [])].map((text) => ({ stream, text }));
  });
  const known = new Set(lines.map(({ text }) => text));
  return { lines, lostByEngine: printed.filter(({ text }) => !known.has(text)).length };
}

/**
 * A line is written down before it is printed, so the last one of a program that was killed may never have been printed; and of
 * the last one of each stream only its beginning, which then ends the engine's file.
 */
function reallyPrinted({ printed, endedAtMs, engineLog }: Execution, stored: RunFacts['stored']): PrintedLine[] {
  if (endedAtMs !== null) return printed;
  const isStored = (line: PrintedLine): boolean => stored.some(({ text }) => text === line.text);
  const lastOf = (lines: PrintedLine[], stream: string): PrintedLine | undefined =>
    lines.findLast((line) => line.stream === stream);
  return printed.flatMap((line) => {
    if (line !== lastOf(printed, line.stream) || isStored(line)) return [line];
    const end = lastOf(engineLog ?? [], line.stream);
    if (end !== undefined && end.text !== '' && unfold(line.text).startsWith(unfold(end.text))) return [end];
    return line === printed.at(-1) ? [] : [line];
  });
}

/** How often the engine was killed while the container lived. */
function deathsOver({ startedAtMs, endedAtMs, engineStartedAtMs }: Execution, all: readonly EngineDeath[]): number {
  // The engine notes a start before the program begins, and may be killed in between.
  const beganMs = Math.min(startedAtMs, engineStartedAtMs ?? Infinity);
  const goneMs = (endedAtMs ?? Infinity) + ENGINE_LAG_MS;
  return all.filter(({ killedAtMs, idleSinceMs }) => killedAtMs >= beganMs && idleSinceMs <= goneMs).length;
}

/** A program may have ended while the engine had not yet written its last lines. */
const ENGINE_LAG_MS = 60_000;
