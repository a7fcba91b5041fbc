import type { Evidence } from '../../contract/evidence';
import { REASONS } from '../../contract/reason';
import type { Ending } from '../outcome';

/**
 * The text by which two failures are known as the same one: what must have gone wrong again in the same way. It is made of the
 * end reason, the exit code and the most telling thing that is known besides: the exception, else the hint, else that memory
 * ran out or that the program crashed. What differs from one attempt to the next without meaning anything, such as numbers,
 * addresses and paths, is left out.
 *
 * @returns null where nothing is known but an exit code, which says too little to call two failures the same; where the command
 *   was killed from outside; and for causes that are not the run's own.
 */
export function fingerprintOf(ending: Ending, evidence: Evidence | null): string | null {
  if (REASONS[ending.reason].retry !== 'user') return null;
  // What ran into the limit first is chance: neither the exception nor the exit code tells anything there.
  if (ending.reason === 'out-of-memory') return ending.reason;
  const mark = markOf(ending, evidence);
  return mark === null ? null : `${ending.reason} ${ending.exitCode ?? '-'} ${mark}`;
}

/** Signals that a program does not get from anybody: it did something that it must not. */
const CRASHES: readonly unknown[] = ['SIGILL', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'];

function markOf({ detail }: Ending, evidence: Evidence | null): string | null {
  // Whoever sends a signal twice does not make the program fail for the same cause twice.
  if (detail.signal !== undefined && !CRASHES.includes(detail.signal)) return null;
  const traceback = evidence?.traceback ?? null;
  if (traceback !== null) return `${traceback.type}: ${withoutChance(traceback.message)}`.trim();
  const hint = evidence?.hint ?? null;
  if (hint !== null) return `hint ${hint.id}`;
  return CRASHES.includes(detail.signal) ? `crash ${detail.signal}` : null;
}

const MARK_LENGTH = 200;

/** A message without what is another each time. Each pattern takes linear time: no part of it can match what its neighbour does. */
function withoutChance(message: string): string {
  return message
    .replace(/\b[0-9a-f]{4,}(?:-[0-9a-f]{4,})+\b/gi, '#')
    .replace(/\b(?:0x)?[0-9a-f]{8,}\b|\b0x[0-9a-f]+\b/gi, '#')
    .replace(/(?:^|(?<=[\s'"(=:[]))\.{0,2}\/[^\s'"):,\]]+/g, '<path>')
    .replace(/\d+(?:[.,e+-]+\d+)*/gi, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MARK_LENGTH);
}
