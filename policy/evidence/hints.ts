import type { Hint, Traceback } from '../../contract/evidence';
import type { EndReason } from '../../contract/reason';
import type { Ending } from '../outcome';
import { HINTS, type HintRow } from './hint-table';

/** Where a hint is looked for. */
export interface LogEnd {
  lines: readonly string[];
  traceback: Traceback | null;
  /** The network of the container; null where nobody knows. */
  network: string | null;
}

/**
 * What the end of a log says of a failure; null where no row of the table fits. The exception that ended the program counts
 * before all other lines, unless it is what another failure brings about.
 */
export function hintInLog({ lines, traceback, network }: LogEnd): Hint | null {
  const rows = HINTS.filter((row) => row.log !== undefined && (row.network ?? network) === network);
  const exception = traceback && `${traceback.type}: ${traceback.message}`;
  const ofException = exception === null ? undefined : rows.find(({ log }) => log!.test(exception));
  if (ofException !== undefined && ofException.isConsequence !== true) return hintOf(ofException);
  const last = lines.slice(-HINT_LINES);
  return hintOf(rows.find(({ log }) => last.some((line) => log!.test(line))));
}

/** What stands further up is rarely why the program ended. */
const HINT_LINES = 200;

/**
 * What the ending itself says, where the log says nothing, or where it is known better: a memory limit that was reached.
 *
 * @param inLog the hint from the end of the log, if there is one.
 */
export function hintFor(ending: Ending, inLog: Hint | null): Hint | null {
  const { reason, detail } = ending;
  const row = HINTS.find(
    ({ log, reasons, signals }) =>
      log === undefined && reasons?.includes(reason) && (signals?.includes(detail.signal ?? '') ?? true),
  );
  if (reason === 'out-of-memory') return hintOf(row);
  return inLog ?? hintOf(row) ?? (OF_ENGINE.includes(reason) ? hintInDetail(detail.detail ?? '') : null);
}

/** Reasons whose detail is what the engine, or the init of the container, said. */
const OF_ENGINE: readonly EndReason[] = ['start-failed', 'image-unusable', 'command-not-runnable'];

function hintInDetail(text: string): Hint | null {
  return hintOf(HINTS.find(({ log, network }) => network === undefined && log?.test(text)));
}

function hintOf(row: HintRow | undefined): Hint | null {
  return row === undefined ? null : { id: row.id, sentence: row.sentence };
}
