import type { EngineDeath, PrintedLine, RunFacts, StoredLine } from './facts';
import { compareLines } from './compare-lines';
import { couldBeStored } from './could-be-stored';
import { STREAMS, textsOf } from './streams';
import type { Violation, ViolationKind } from './violation';

export interface LogVerdict {
  violations: Violation[];
  linesKept: number;
  linesLostByEngine: number;
}

const SEAL = /^sealed: (\d+) lines?, (\d+) gaps?, (\d+) bad bytes?$/;
/** Sentences name so many lines at most. */
const SHOWN = 5;
/** And of a line so many characters. */
const SHOWN_CHARACTERS = 80;

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
    const heard = executions.filter(({ printed }) => isHeard(printed, stored)).length;
    if (heard > 1) say('run-twice', heard - 1, `its log has lines of ${heard} executions`);
    checkSeal(
      stored,
      facts.run?.attempts.find(({ number }) => number === attempt),
      say,
    );
  }
  verdict.violations.push(...checkFollowed(facts));
  return verdict;
}

/** Whether a log has a line of an execution, by the word that is in its lines alone. */
function isHeard(printed: readonly PrintedLine[], stored: readonly StoredLine[]): boolean {
  const texts = new Set(printed.map(({ text }) => text));
  return stored.some(({ stream, text }) => stream !== 'system' && texts.has(text));
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
    say(
      `got as line ${differs + 1} ${cutShort(text(followed.lines[differs]))} instead of ${cutShort(text(stored[differs]))}`,
    );
  }
  if (!followed.sawEnd) say('was not told of its end');
  return found;
}

type Say = (kind: ViolationKind, count: number, what: string) => void;

/** @returns how many of the lines are stored. */
function checkLines(printed: readonly PrintedLine[], stored: readonly StoredLine[], say: Say): number {
  let kept = 0;
  for (const stream of STREAMS) {
    const could = textsOf(printed, stream);
    const { lost, doubled, foreign, descents } = compareLines(could, textsOf(stored, stream));
    kept += could.length - lost.length;
    if (lost.length > 0) say('lost', lost.length, `${some(lost)} of ${stream} printed and not stored`);
    if (doubled.length > 0) say('doubled', doubled.length, `${some(doubled)} of ${stream} stored again`);
    if (foreign.length > 0) say('foreign', foreign.length, `${some(foreign)} of ${stream} stored and never printed`);
    if (descents.length > 0)
      say('reordered', descents.length, `${some(descents)} of ${stream} stored after a later one`);
  }
  return kept;
}

function some(lines: readonly string[]): string {
  const shown = lines.slice(0, SHOWN).map((line) => `"${cutShort(line)}"`);
  return `${lines.length} lines (${shown.join(', ')}${lines.length > SHOWN ? ', …' : ''})`;
}

function cutShort(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
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
    say('unsealed', 1, `its log has ${seals.length} seals and ends in "${cutShort(stored.at(-1)?.text ?? '')}"`);
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
