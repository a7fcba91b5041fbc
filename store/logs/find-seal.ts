import { untilRemoved } from '../errors';
import type { Seal } from '../log-store';
import type { LogReader } from './reader';
import { parseContinuation, parseSeal } from './system-lines';

/**
 * The seal of an attempt's log; null where there is none yet. An attempt that is not sealed is known by what the newest file
 * of a log says of it at its beginning, so that no more than that file is read.
 */
export async function findSeal(reader: Pick<LogReader, 'read'>, attempt: number): Promise<Seal | null> {
  const matches = (text: string): boolean => parseSeal(text) !== undefined || parseContinuation(text)?.sealed === false;
  const read = reader.read({ attempt, streams: ['system'], tail: 1, matches });
  for await (const lines of untilRemoved(read)) {
    const seal = lines.map(({ text }) => parseSeal(text)).find((found) => found !== undefined);
    if (seal !== undefined) return seal;
  }
  return null;
}
