import type { EngineRecall } from './engine';

/** How many events an engine keeps (moby/moby, daemon/events, eventsLimit). */
const KEPT_EVENTS = 256;

interface EngineEvent {
  Type?: string;
  Action?: string;
  Actor?: { ID?: string };
}

/** Reads the events that an engine keeps, one JSON object per line, for what it has seen of a container. */
export async function readRecall(
  chunks: AsyncIterable<Buffer | string>,
  id: string,
): Promise<Omit<EngineRecall, 'liveRestore'>> {
  let text = '';
  for await (const chunk of chunks) text += chunk.toString();
  const events = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as EngineEvent);
  const saw = (action: string): boolean =>
    events.some(({ Type, Action, Actor }) => Type === 'container' && Action === action && Actor?.ID === id);
  return { started: saw('start'), ended: saw('die'), complete: events.length < KEPT_EVENTS };
}
