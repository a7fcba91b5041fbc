import type { ReadLogsOptions } from '../../docker/engine';
import { resumedRecords } from '../../host/resumed-records';
import { textHash, type ResumePoint } from '../../store/log-store';
import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

let host: TestHost;
let id: string;

/** A log that is longer than the part of it that is looked at first. */
const LINES = 10_000;

beforeAll(async () => {
  host = await testHost();
  id = await host.runOf('run', python(`for i in range(${LINES}): print(i)`));
  await until(async () => (await host.engine.inspectContainer(id))?.status === 'exited');
});

afterAll(() => host.dispose());

const { signal } = new AbortController();

async function textsFrom(resume: ResumePoint | null, follow: boolean): Promise<{ texts: string[]; asked: string[] }> {
  const asked: string[] = [];
  const engine: typeof host.engine = {
    ...host.engine,
    readLogs: (container, options) => {
      asked.push(kindOf(options));
      return host.engine.readLogs(container, options);
    },
  };
  const texts: string[] = [];
  for await (const records of resumedRecords(engine, { containerId: id, follow, signal }, resume)) {
    texts.push(...records.map(({ data }) => data.toString()));
  }
  return { texts, asked };
}

function kindOf({ tail, since }: ReadLogsOptions): string {
  if (tail !== undefined) return 'tail';
  return since === undefined ? 'all' : 'since';
}

/** The place of a line of the log. */
async function placeOf(number: number): Promise<ResumePoint> {
  for await (const records of host.engine.readLogs(id, { follow: false, signal })) {
    const record = records.find(({ data }) => data.toString() === String(number));
    if (record)
      return { since: record.time, anchor: { stream: 'stdout', textHash: textHash(String(number)) }, skip: 1 };
  }
  throw new Error(`line ${number} is not in the log`);
}

const from = (number: number): string[] => Array.from({ length: LINES - number }, (_, index) => String(number + index));

describe('the records from a place of resume on', () => {
  it.each([false, true])(
    'are found from the end of the log where the place is near, with follow %s',
    async (follow) => {
      const { texts, asked } = await textsFrom(await placeOf(LINES - 500), follow);

      expect(texts).toEqual(from(LINES - 500));
      expect(asked).toEqual(follow ? ['tail', 'tail'] : ['tail']);
    },
  );

  it.each([false, true])('are found by time where the place is far from the end, with follow %s', async (follow) => {
    const { texts, asked } = await textsFrom(await placeOf(100), follow);

    expect(texts).toEqual(from(100));
    // Whoever follows makes sure first that it is there.
    expect(asked).toEqual(follow ? ['tail', 'since', 'since'] : ['tail', 'since']);
  });

  it.each([false, true])(
    'are all where the place is gone and the clock was set back since, with follow %s',
    async (follow) => {
      const place = await placeOf(100);
      const { texts, asked } = await textsFrom({ ...place, since: '2100-01-01T00:00:00.000000000Z' }, follow);

      expect(texts).toEqual(from(0));
      expect(asked).toEqual(['tail', 'since', 'all']);
    },
  );

  it('are all where nothing is stored', async () => {
    expect(await textsFrom(null, false)).toEqual({ texts: from(0), asked: ['all'] });
  });
});
