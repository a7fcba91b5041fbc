import type { EngineRecall } from './engine';
import { toSince } from './engine-time';
import { dialStream, type Dial } from './modem-dial';

/** How many events an engine keeps (moby/moby, daemon/events, eventsLimit). */
const KEPT_EVENTS = 256;

interface EngineEvent {
  Type?: string;
  Action?: string;
  Actor?: { ID?: string };
}

type Seen = Omit<EngineRecall, 'liveRestore'>;

/**
 * Asks an engine what it has seen of a container.
 *
 * @param until now, by the engine's own clock; without an end the answer would go on with what is still to come.
 */
export async function recallUntil(dial: Dial, id: string, until: string): Promise<Seen> {
  const options = { since: '1', until: toSince(until) };
  const request = { path: '/events?', method: 'GET', options, statusCodes: { 200: true as const } };
  return readRecall(await dialStream(dial, request), id);
}

/** Reads the events that an engine keeps, one JSON object per line, for what it has seen of a container. */
export async function readRecall(chunks: AsyncIterable<Buffer | string>, id: string): Promise<Seen> {
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
