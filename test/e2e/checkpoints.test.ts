import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { RunEvent } from '../../contract/run';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { watchEvents, type EngineEvents } from '../helpers/engine-events';
import { getRun, inState, logLines, post, request, shellRun, submit } from '../helpers/runs';
import { runCli } from '../helpers/server';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

let server: SharedServer;
let events: EngineEvents;
beforeAll(async () => {
  server = await sharedServer();
  events = watchEvents(TEST_DOCKER_HOST);
});
afterAll(() => events.stop());

interface Line {
  epoch: number;
  accuracy?: number;
  resumed?: string;
}

const linesOf = async (id: string): Promise<Line[]> =>
  (await logLines(server.url, id)).map((line) => JSON.parse(line) as Line);
const epochsOf = (lines: readonly Line[]): number[] =>
  lines.filter(({ accuracy }) => accuracy !== undefined).map(({ epoch }) => epoch);
const hasTrained = (id: string, epoch: number) =>
  until(async () => epochsOf(await linesOf(id)).includes(epoch), { timeoutMs: 60_000, everyMs: 20 });
const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
const checkpointsOf = (id: string): string[] => readdirSync(join(server.data, 'checkpoints', id)).toSorted();

function containersOf(id: string): string[] {
  const list = ['ps', '--all', '--quiet', '--filter', `label=trainyard.run=${id}`];
  return execFileSync('docker', list, { encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** When the engine removed the first container of a run, in milliseconds. */
async function removedAtMs(id: string): Promise<number> {
  const removal = await until(() => events.seen().find(({ action, runId }) => action === 'destroy' && runId === id));
  return removal.atMs;
}

async function eventOf(id: string, state: string): Promise<RunEvent> {
  const { body } = await request<{ items: RunEvent[] }>(`${server.url}/v1/runs/${id}/events`);
  return body.items.find((event) => event.type === 'state-changed' && event.state === state)!;
}

describe('a training of digits', () => {
  it.concurrent(
    'that is suspended says so when its container is gone, and goes on at the epoch that it had',
    async () => {
      const params = { epochs: 15, batch_size: 8 };
      const policy = { retries: { attempts: 1 } };
      const id = await submit(server.url, { recipe: 'digits', params, policy });
      await hasTrained(id, 3);

      expect((await post(`${server.url}/v1/runs/${id}/suspend`, { by: 'ada' })).status).toBe(202);
      const { code, out } = await runCli(['suspend', id, '--wait', '--server', server.url]);
      expect(code).toBe(0);
      expect(containersOf(id)).toEqual([]);
      const trained = epochsOf(await linesOf(id)).at(-1)!;
      const checkpoint = `epoch-${String(trained).padStart(6, '0')}.joblib`;
      expect(out).toContain(`Its container is gone. When it is resumed it goes on from its checkpoint ${checkpoint}.`);
      expect(Date.parse((await eventOf(id, 'suspended')).at)).toBeGreaterThanOrEqual(await removedAtMs(id));
      expect(trained).toBeLessThan(15);
      expect(await getRun(server.url, id)).toMatchObject({ state: 'suspended', host: null, attempt: 1 });

      expect(await runCli(['resume', id, '--server', server.url])).toMatchObject({ code: 0 });
      const run = await inState(server.url, id, 'succeeded', 120_000);
      const lines = await linesOf(id);
      expect(run.attempts).toMatchObject([{ reason: 'suspended', exitCode: 143 }, { reason: 'completed' }]);
      expect(lines.find(({ resumed }) => resumed)).toEqual({ resumed: checkpoint, epoch: trained, epochs: 15 });
      expect(epochsOf(lines)).toEqual(oneTo(15));
      expect(checkpointsOf(id)).toEqual([13, 14, 15].map((epoch) => `epoch-0000${epoch}.joblib`));
    },
  );

  it.concurrent(
    'whose container is killed trains no epoch again but what came after its last checkpoint, and that once',
    async () => {
      const id = await submit(server.url, { recipe: 'digits', params: { epochs: 30, batch_size: 8 } });
      await hasTrained(id, 12);
      execFileSync('docker', ['kill', '--signal', 'KILL', ...containersOf(id)]);

      const run = await inState(server.url, id, 'succeeded', 120_000);
      expect(run.attempts).toMatchObject([{ reason: 'killed-by-signal', exitCode: 137 }, { reason: 'completed' }]);
      const lines = await linesOf(id);
      const at = lines.findIndex(({ resumed }) => resumed);
      const { epoch: saved } = lines[at]!;
      const [before, after] = [epochsOf(lines.slice(0, at)), epochsOf(lines.slice(at))];
      expect(saved).toBeGreaterThanOrEqual(11);
      expect(before).toEqual(oneTo(before.length));
      expect(after).toEqual(oneTo(30).slice(saved));
      expect(before.length - saved).toBeLessThanOrEqual(1);
    },
  );
});

test.concurrent(
  'a run without a folder for checkpoints is suspended with a warning that it would begin anew',
  async () => {
    const id = await submit(server.url, shellRun('echo $TRAINYARD_ATTEMPT; [ $TRAINYARD_ATTEMPT = 2 ] || sleep 600'));
    await until(async () => (await logLines(server.url, id)).includes('1'));
    const { out } = await runCli(['suspend', id, '--wait', '--server', server.url]);

    expect(out).toContain('WARNING: it has no folder for checkpoints');
    expect(containersOf(id)).toEqual([]);

    await runCli(['resume', id, '--server', server.url]);
    await inState(server.url, id, 'succeeded');
    expect(await logLines(server.url, id)).toEqual(['1', '2']);
  },
);
