/** Everything that may have gone wrong; the summary counts by it. */
export const VIOLATION_KINDS = [
  'lost',
  'doubled',
  'reordered',
  'foreign',
  'gap',
  'unsealed',
  'miscounted',
  'misfollowed',
  'run-twice',
  'side-by-side',
  'not-run',
  'wrong-state',
  'wrong-attempts',
  'wrong-workflow',
  'forgotten',
  'two-ids',
  'stranger',
  'left',
  'bad-answer',
] as const;

export type ViolationKind = (typeof VIOLATION_KINDS)[number];

export interface Violation {
  kind: ViolationKind;
  /** The run's id; null where it is of no run. */
  runId: string | null;
  /** What is wrong, as one sentence. */
  sentence: string;
  /** How many lines, containers or runs it is about. */
  count: number;
}
