import type { AttemptDetail, RunDetail } from '../../contract/http';
import type { Attempt } from '../../contract/run';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
  const run = await storeRun(api.services.runStore, { id: 'run', state: 'failed', reason: 'exit-code' });
  await storeAttempts(run.id);
});
afterAll(() => api.close());

/** Two attempts with logs and a third that did not come to have a container. */
async function storeAttempts(runId: string): Promise<void> {
  const { runStore, logStore } = api.services;
  const { run, attempts } = (await runStore.getRun(runId))!;
  const evidence = {
    signal: null,
    outOfMemory: false,
    peakMemoryBytes: 1024,
    cpuSeconds: 0.5,
    traceback: { type: 'ValueError', message: 'bad' },
    hint: { id: 'disk-full', sentence: 'Make room.' },
    step: 7,
    checkpoint: null,
  };
  const first = { ...attempts[0]!, evidence };
  const numbered = [first, { ...first, number: 2, evidence: null }, { ...first, number: 3, containerId: null }];
  await runStore.applyUpdate({ revision: 100, run: { ...run, attempt: 3 }, attempts: numbered, events: [] });
  for (const attempt of [1, 2]) {
    const writer = await logStore.openWriter(runId, attempt);
    const time = '2026-01-01T00:00:00.000000000Z';
    const texts = Array.from({ length: 60 }, (_, index) => `line ${index + 1} of attempt ${attempt}`);
    await writer.append([...texts, 'x'.repeat(5_000)].map((text) => ({ time, stream: 'stderr', text })));
    await writer.seal({ gaps: 0, badBytes: 0 });
    await writer.close();
  }
}

const attempts = async (query = '', id = 'run'): Promise<AttemptDetail[]> =>
  (await api.get(`/v1/runs/${id}/attempts${query}`)).json<{ items: AttemptDetail[] }>().items;

describe('GET /v1/runs/{id}/attempts', () => {
  it('shows the last 50 lines of each attempt, and none of one that had no container', async () => {
    const [first, second, third] = await attempts();
    expect(first!.lastLines).toHaveLength(50);
    expect(first!.lastLines[0]).toBe('line 12 of attempt 1');
    expect(first!.lastLines.at(-2)).toBe('line 60 of attempt 1');
    expect(second!.lastLines.at(-2)).toBe('line 60 of attempt 2');
    expect(third!.lastLines).toEqual([]);
  });

  it('cuts long lines', async () => {
    const [first] = await attempts();
    expect(first!.lastLines.at(-1)).toBe(`${'x'.repeat(1_999)}…`);
  });

  it('shows as many as are asked for', async () => {
    expect((await attempts('?lines=2'))[1]!.lastLines).toHaveLength(2);
    expect((await attempts('?lines=0'))[1]!.lastLines).toEqual([]);
  });

  it('shows what is known of how each went', async () => {
    const [first, second] = await attempts();
    expect(first!.evidence).toMatchObject({ step: 7, traceback: { type: 'ValueError' }, hint: { id: 'disk-full' } });
    expect(second!.evidence).toBeNull();
  });

  it.each(['-1', '1001', 'all'])('refuses %s lines', async (lines) => {
    const response = await api.get(`/v1/runs/run/attempts?lines=${lines}`);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ errors: [{ path: 'lines' }] });
  });

  it('shows no lines once the log was removed, and all the rest', async () => {
    const { logStore, runStore } = api.services;
    await storeRun(runStore, { id: 'old', state: 'failed', reason: 'exit-code' });
    const writer = await logStore.openWriter('old', 1);
    await writer.append([{ time: '2026-01-01T00:00:00.000000000Z', stream: 'stdout', text: 'gone' }]);
    await writer.close();
    expect((await attempts('', 'old'))[0]!.lastLines).toEqual(['gone']);
    await logStore.remove('old', 'it was old');
    expect(await attempts('', 'old')).toMatchObject([{ number: 1, reason: 'exit-code', lastLines: [] }]);
  });
});

describe('an attempt whose log was sealed after its end, as that of a lost host is', () => {
  const shown = async (): Promise<Attempt> => {
    const { attempts: found } = (await api.get('/v1/runs/lost')).json<RunDetail>();
    expect((await attempts('', 'lost'))[0]).toMatchObject(found[0]!);
    return found[0]!;
  };

  it('has its lines and gaps from the seal, as soon as there is one', async () => {
    const { logStore, runStore } = api.services;
    await storeRun(runStore, { id: 'lost', state: 'failed', reason: 'host-lost' });
    const append = async (texts: string[], gaps?: number): Promise<void> => {
      const writer = await logStore.openWriter('lost', 1);
      await writer.append(texts.map((text) => ({ time: '2026-01-01T00:00:00.000000000Z', stream: 'stdout', text })));
      if (gaps !== undefined) await writer.seal({ gaps, badBytes: 0 });
      await writer.close();
    };
    await append(['before it was lost']);
    expect(await shown()).toMatchObject({ reason: 'host-lost', logLines: null, logGaps: null });
    await append(['when it was back'], 1);
    expect(await shown()).toMatchObject({ reason: 'host-lost', logLines: 2, logGaps: 1 });
  });
});
