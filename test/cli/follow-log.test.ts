import type { ApiClient, Query } from '../../cli/api-client';
import { ServerUnreachableError } from '../../cli/errors';
import { followLog } from '../../cli/follow-log';
import { PATIENCE_MS } from '../../cli/patience';
import { LOG_FROM_HEADER } from '../../contract/log-place';
import { parseDuration } from '../../contract/units';

/** What the server does when it is asked for the log: it does not answer, or it answers and is lost, or ends its answer. */
type Answer = 'away' | { from?: number; lines?: number[]; lastsMs?: number; isWhole?: boolean };

const HOUR_MS = 3_600_000;
const LOST = new ServerUnreachableError('http://127.0.0.1:1', new Error('reset'));

let shiftMs: number;
beforeEach(() => {
  shiftMs = 0;
  const real = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => real() + shiftMs);
});
afterEach(() => jest.restoreAllMocks());

/** A server that gives these answers, one after the other; its run has ended when the last one is given. */
function apiOf(answers: Answer[]): { api: ApiClient; asked: Query[] } {
  const asked: Query[] = [];
  async function* stream(_path: string, query: Query, _signal: AbortSignal, opened?: (head: Headers) => void) {
    asked.push(query);
    const answer = answers.shift();
    if (answer === undefined || answer === 'away') throw LOST;
    const { from, lines = [], lastsMs = 0, isWhole = false } = answer;
    opened?.(new Headers(from === undefined ? {} : { [LOG_FROM_HEADER]: `${from}` }));
    for (const number of lines) yield { number };
    shiftMs += lastsMs;
    if (!isWhole) throw LOST;
  }
  const get = async () => {
    if (answers[0] !== 'away') return { state: answers.length === 1 ? 'succeeded' : 'running' };
    answers.shift();
    throw LOST;
  };
  return { asked, api: { url: '', get, stream } as unknown as ApiClient };
}

async function follow(answers: Answer[], query: Query = {}) {
  const { api, asked } = apiOf(answers);
  const lines: number[] = [];
  const said: boolean[] = [];
  const options = { query, signal: new AbortController().signal, onAway: (away: boolean) => void said.push(away) };
  let failure: unknown = null;
  try {
    for await (const { number } of followLog(api, 'run', options)) lines.push(number);
  } catch (error) {
    failure = error;
  }
  return { lines, said, asked, failure };
}

describe('a follow of a run that prints nothing', () => {
  test('outlasts restarts of the server that are far apart, and says each time that it is back', async () => {
    const quiet = { lastsMs: HOUR_MS };
    expect(
      await follow([{ lines: [1], lastsMs: HOUR_MS }, 'away', quiet, 'away', quiet, { lines: [2], isWhole: true }]),
    ).toMatchObject({ failure: null, lines: [1, 2], said: [true, false, true, false] });
  });

  test('says nothing of an answer that was cut off, where the server answers again at once', async () => {
    const cutOff = { lastsMs: 300_000 };
    expect(await follow([cutOff, cutOff, cutOff, { lines: [1], isWhole: true }])).toMatchObject({
      failure: null,
      lines: [1],
      said: [],
    });
  });

  test('gives up after a minute where every answer breaks off as soon as it has begun', async () => {
    const broken = { lastsMs: PATIENCE_MS / 5 };
    const { failure, said, asked } = await follow(Array.from({ length: 20 }, () => broken));
    expect({ failure, said }).toEqual({ failure: LOST, said: [] });
    expect(asked).toHaveLength(6);
  });
});

describe('a follow that is lost before its first line', () => {
  const whole = { isWhole: true };

  test.each<[string, Answer, Query]>([
    ['goes on where it began, not with another tail', { from: 5 }, { from: 5, tail: undefined }],
    ['begins anew where it was not told where it began', {}, { tail: 0 }],
  ])('%s', async (_name, first, second) => {
    const { asked } = await follow([first, whole], { tail: 0, grep: 'x' });
    expect(asked).toEqual([
      { tail: 0, grep: 'x', follow: true },
      { ...second, grep: 'x', follow: true },
    ]);
  });

  test('goes on after the last line, wherever it began', async () => {
    const { asked } = await follow([{ from: 5, lines: [6, 9] }, { from: 10 }, whole], { tail: 2 });
    expect(asked.map(({ from }) => from)).toEqual([undefined, 10, 10]);
  });

  test('means the same moment by how long ago it was until it knows where it began, however late it asks', async () => {
    const later = { lastsMs: HOUR_MS };
    const { asked } = await follow([later, later, { from: 3 }, whole], { since: '10m' });
    const minutes = asked.slice(0, 3).map(({ since }) => Math.floor(parseDuration(since as string) / 60_000));
    expect(minutes).toEqual([10, 70, 130]);
    expect(asked[3]).toEqual({ from: 3, follow: true });
  });

  test('leaves a moment alone that does not move', async () => {
    const since = '2026-01-01T00:00:00Z';
    const { asked } = await follow([{ lines: [1] }, whole], { since });
    expect(asked.map((query) => query['since'])).toEqual([since, since]);
  });
});
