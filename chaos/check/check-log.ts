import type { EngineDeath, Execution, PrintedLine, RunFacts, StoredLine } from './facts';
import { compareLines } from './compare-lines';
import { isForgotten } from './forgotten';
import type { Violation, ViolationKind } from './violation';

export interface LogVerdict {
  violations: Violation[];
  linesKept: number;
  linesLostByEngine: number;
}

const STREAMS = ['stdout', 'stderr'] as const;
const SEAL = /^sealed: (\d+) lines?, (\d+) gaps?, (\d+) bad bytes?$/;
/** Sentences name so many lines at most. */
const SHOWN = 5;

/** Compares what the containers of a run printed with its stored log, and its seals with both. */
export function checkLog(facts: RunFacts, engineDeaths: readonly EngineDeath[]): LogVerdict {
  const verdict: LogVerdict = { violations: [], linesKept: 0, linesLostByEngine: 0 };
  const attempts = new Set([...facts.executions, ...facts.stored].map(({ attempt }) => attempt));
  for (const attempt of attempts) {
    const executions = facts.executions.filter((execution) => execution.attempt === attempt);
    const stored = facts.stored.filter((line) => line.attempt === attempt);
    const could = executions
      .toSorted((one, other) => one.startedAtMs - other.startedAtMs)
      .map((execution) => couldBeStored(execution, { executions, stored }, engineDeaths));
    verdict.linesLostByEngine += could.reduce((sum, { lostByEngine }) => sum + lostByEngine, 0);
    const say = (kind: ViolationKind, count: number, what: string): void => {
      const sentence = `Attempt ${attempt} of ${facts.ids[0]} (${facts.kind}): ${what}.`;
      verdict.violations.push({ kind, runId: facts.ids[0] ?? null, sentence, count });
    };
    verdict.linesKept += checkLines(
      could.flatMap(({ lines }) => lines),
      stored,
      say,
    );
    checkSeal(
      stored,
      facts.run?.attempts.find(({ number }) => number === attempt),
      say,
    );
  }
  verdict.violations.push(...checkFollowed(facts));
  return verdict;
}

/** Who follows a log over lost connections gets each of its lines, once and in order, and its end. */
function checkFollowed({ ids, kind, stored, followed }: RunFacts): Violation[] {
  if (followed === null) return [];
  const text = (line: StoredLine | undefined): string =>
    line ? `"${line.attempt} ${line.stream} ${line.text}"` : 'nothing more';
  const differs = Array.from({ length: Math.max(stored.length, followed.lines.length) }, (_, index) => index).find(
    (index) => text(stored[index]) !== text(followed.lines[index]),
  );
  const found: Violation[] = [];
  const say = (what: string): void => {
    const sentence = `The reader who followed the log of ${ids[0]} (${kind}) ${what}.`;
    found.push({ kind: 'misfollowed', runId: ids[0] ?? null, sentence, count: 1 });
  };
  if (differs !== undefined) {
    say(`got as line ${differs + 1} ${text(followed.lines[differs])} instead of ${text(stored[differs])}`);
  }
  if (!followed.sawEnd) say('was not told of its end');
  return found;
}

type Say = (kind: ViolationKind, count: number, what: string) => void;

/** The lines of an execution that a reader of the engine can have got. */
function couldBeStored(
  execution: Execution,
  { executions, stored }: Pick<RunFacts, 'executions' | 'stored'>,
  engineDeaths: readonly EngineDeath[],
): { lines: PrintedLine[]; lostByEngine: number } {
  const { printed, engineLog, startedAtMs, endedAtMs, engineStartedAtMs } = execution;
  if (isForgotten(execution, executions, engineDeaths)) {
    const kept = printed.filter(({ text }) => stored.some((line) => line.text === text));
    return { lines: kept, lostByEngine: printed.length - kept.length };
  }
  // A line is written down before it is printed, so the last one of a program that was killed may never have been printed.
  const last = endedAtMs === null ? printed.at(-1) : undefined;
  const lines = last !== undefined && !stored.some(({ text }) => text === last.text) ? printed.slice(0, -1) : printed;
  // The engine notes a start before the program begins, and may be killed in between.
  const beganMs = Math.min(startedAtMs, engineStartedAtMs ?? Infinity);
  const wasKilled = engineDeaths.some(
    ({ killedAtMs, idleSinceMs }) => killedAtMs >= beganMs && idleSinceMs <= (endedAtMs ?? Infinity) + ENGINE_LAG_MS,
  );
  if (!wasKilled || engineLog === null) return { lines, lostByEngine: 0 };
  return writtenByEngine(lines, engineLog);
}

/** What a killed engine wrote of the lines. One of which it had read the beginning when it was killed is there by its end. */
function writtenByEngine(
  lines: readonly PrintedLine[],
  engineLog: readonly PrintedLine[],
): { lines: PrintedLine[]; lostByEngine: number } {
  const written = new Set(engineLog.map(({ text }) => text));
  const ends = tornEnds(lines, engineLog, written);
  const kept = lines.flatMap((line, index) => (written.has(line.text) ? [line] : (ends.get(index) ?? [])));
  return { lines: kept, lostByEngine: lines.filter(({ text }) => !written.has(text)).length };
}

/** Ends of lines that were torn, by the place of the line: the nearest before what the engine wrote next. */
function tornEnds(
  lines: readonly PrintedLine[],
  engineLog: readonly PrintedLine[],
  written: ReadonlySet<string>,
): Map<number, PrintedLine> {
  const places = new Map(lines.map(({ text }, index) => [text, index]));
  const ends = new Map<number, PrintedLine>();
  for (const [at, end] of engineLog.entries()) {
    if (end.text === '' || places.has(end.text)) continue;
    const next = engineLog.slice(at + 1).find(({ stream, text }) => stream === end.stream && places.has(text));
    const before = lines.slice(0, next === undefined ? undefined : places.get(next.text));
    const isTorn = ({ stream, text }: PrintedLine): boolean =>
      stream === end.stream && !written.has(text) && text.endsWith(end.text);
    const index = before.findLastIndex(isTorn);
    if (index >= 0) ends.set(index, end);
  }
  return ends;
}

/** A program may have ended while the engine had not yet written its last lines. */
const ENGINE_LAG_MS = 60_000;

/** @returns how many of the lines are stored. */
function checkLines(printed: readonly PrintedLine[], stored: readonly StoredLine[], say: Say): number {
  let kept = 0;
  for (const stream of STREAMS) {
    const textsOf = (lines: readonly { stream: string; text: string }[]): string[] =>
      lines.filter((line) => line.stream === stream).map(({ text }) => text);
    const { lost, doubled, foreign, descents } = compareLines(textsOf(printed), textsOf(stored));
    kept += textsOf(printed).length - lost.length;
    if (lost.length > 0) say('lost', lost.length, `${some(lost)} of ${stream} printed and not stored`);
    if (doubled.length > 0) say('doubled', doubled.length, `${some(doubled)} of ${stream} stored again`);
    if (foreign.length > 0) say('foreign', foreign.length, `${some(foreign)} of ${stream} stored and never printed`);
    if (descents.length > 0)
      say('reordered', descents.length, `${some(descents)} of ${stream} stored after a later one`);
  }
  return kept;
}

function some(lines: readonly string[]): string {
  const shown = lines.slice(0, SHOWN).map((line) => `"${line}"`);
  return `${lines.length} lines (${shown.join(', ')}${lines.length > SHOWN ? ', …' : ''})`;
}

/** Exactly one seal, at the end, with the right count, and the same in the run's attempt. */
function checkSeal(
  stored: readonly StoredLine[],
  attempt: { logLines: number | null; logGaps: number | null } | undefined,
  say: Say,
): void {
  const gaps = stored.filter(({ stream, text }) => stream === 'system' && text.startsWith('gap:'));
  if (gaps.length > 0) say('gap', gaps.length, `its log has a gap: ${gaps.map(({ text }) => text).join(' | ')}`);
  const seals = stored.filter(({ stream, text }) => stream === 'system' && SEAL.test(text));
  const seal = seals[0] && SEAL.exec(seals[0].text);
  if (!seal || seals.length > 1 || stored.at(-1) !== seals[0]) {
    say('unsealed', 1, `its log has ${seals.length} seals and ends in "${stored.at(-1)?.text ?? ''}"`);
    return;
  }
  const lines = stored.filter(({ stream }) => stream !== 'system').length;
  const [sealed, sealedGaps] = [Number(seal[1]), Number(seal[2])];
  if (sealed !== lines || sealedGaps !== gaps.length) {
    say(
      'miscounted',
      1,
      `its seal says ${sealed} lines and ${sealedGaps} gaps, and there are ${lines} and ${gaps.length}`,
    );
  }
  // An attempt whose clean-up sealed the log tells no numbers.
  if (attempt?.logLines != null && (attempt.logLines !== sealed || attempt.logGaps !== sealedGaps)) {
    say(
      'miscounted',
      1,
      `the run tells ${attempt.logLines} lines and ${attempt.logGaps} gaps, its seal ${sealed} and ${sealedGaps}`,
    );
  }
}
