import type { Verdict } from './check/check';
import type { ViolationKind } from './check/violation';
import type { ChaosResult } from './run-chaos';

/** Violations of each kind that are shown as sentences. */
const SHOWN = 10;

/** What a person reads last: every violation as a sentence, then the table. */
export function summarise(result: ChaosResult): string[] {
  const { verdict } = result;
  return [...sentences(verdict), '', ...table(countAll(result))];
}

function sentences({ violations }: Verdict): string[] {
  const kinds = [...new Set(violations.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const ofKind = violations.filter((violation) => violation.kind === kind);
    const more = ofKind.length > SHOWN ? [`  … and ${ofKind.length - SHOWN} more`] : [];
    return [`${kind}:`, ...ofKind.slice(0, SHOWN).map(({ sentence }) => `  ${sentence}`), ...more];
  });
}

/** The numbers of the table, by their names in it. */
export function countAll({ verdict, facts, strikes, seconds }: ChaosResult): [string, string | number][] {
  const count = (...kinds: ViolationKind[]): number =>
    verdict.violations.filter(({ kind }) => kinds.includes(kind)).reduce((sum, violation) => sum + violation.count, 0);
  const dealt = (blows: Record<string, number>): string =>
    Object.entries(blows)
      .map(([part, times]) => `${part} ${times}`)
      .join(', ');
  return [
    ['killed', dealt(strikes.killed)],
    ['frozen', dealt(strikes.frozen)],
    ['seconds', seconds],
    ['runs', facts.runs.length],
    ['containers that ran', facts.runs.reduce((sum, { executions }) => sum + executions.length, 0)],
    ['attempts without a container', verdict.vainAttempts],
    ['starts that a killed engine forgot', verdict.forgottenStarts],
    ['ends that a killed engine forgot', verdict.forgottenEnds],
    ['logs followed all the while', facts.runs.filter(({ followed }) => followed !== null).length],
    ['lines kept', verdict.linesKept],
    ['lines that a killed engine never wrote', verdict.linesLostByEngine],
    ['lost', count('lost', 'gap')],
    ['doubled', count('doubled')],
    ['out of order, foreign', count('reordered', 'foreign')],
    ['not sealed, or miscounted', count('unsealed', 'miscounted')],
    ['followed wrongly', count('misfollowed')],
    ['run twice', count('run-twice', 'side-by-side')],
    ['left', count('left', 'stranger')],
    ['in a wrong state', count('wrong-state', 'wrong-attempts', 'wrong-workflow', 'not-run')],
    ['accepted and forgotten', count('forgotten', 'two-ids')],
    ['wrong answers', count('bad-answer')],
  ];
}

function table(lines: [string, string | number][]): string[] {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
