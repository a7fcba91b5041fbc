import { setTimeout as sleep } from 'node:timers/promises';

import type { StoredLine } from '../check/facts';
import { fold } from '../padding';

/** A reader that follows a log from its first line to its end, over as many connections as that takes. */
export interface Follower {
  readonly lines: StoredLine[];
  /** Resolves when the API has said that the log has ended, or when it was told to stop. */
  readonly ended: Promise<void>;
  /** False where it was told to stop before the API said so. */
  sawEnd(): boolean;
  stop(): void;
}

const TRY_AGAIN_AFTER_MS = 500;

/** Follows as a browser does: by server-sent events, and after a loss with the id of the last one that came. */
export function followLog(apiUrl: string, runId: string): Follower {
  const lines: StoredLine[] = [];
  const stopping = new AbortController();
  let lastId = '';
  let sawEnd = false;

  const take = (event: ServerSentEvent): void => {
    if (event.name === 'end') sawEnd = true;
    if (event.name !== undefined || event.id === undefined) return;
    lastId = event.id;
    // It only tells where the follow stands.
    if (event.data === '') return;
    const { attempt, stream, text } = JSON.parse(event.data) as StoredLine;
    lines.push({ attempt, stream, text: fold(text) });
  };
  const follow = async (): Promise<void> => {
    while (!sawEnd && !stopping.signal.aborted) {
      try {
        const headers = lastId === '' ? undefined : { 'last-event-id': lastId };
        const url = `${apiUrl}/v1/runs/${runId}/logs?format=sse&system=true`;
        const response = await fetch(url, { headers, signal: stopping.signal });
        // The answer to a reader who has every line of a log that has ended.
        if (response.status === 204) sawEnd = true;
        else if (response.ok) for await (const event of readEvents(response)) take(event);
      } catch {
        // The API is away or was killed: that is what this is about. What is missing in the end is judged.
      }
      await sleep(TRY_AGAIN_AFTER_MS);
    }
  };
  return { lines, ended: follow(), sawEnd: () => sawEnd, stop: () => stopping.abort() };
}

interface ServerSentEvent {
  id?: string;
  name?: string;
  data: string;
}

async function* readEvents({ body }: Response): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body ?? []) {
    const blocks = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) yield parseEvent(block);
  }
}

function parseEvent(block: string): ServerSentEvent {
  const value = (field: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${field}: `))
      ?.slice(field.length + 2);
  return { id: value('id'), name: value('event'), data: value('data') ?? '' };
}
