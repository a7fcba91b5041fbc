import { Context } from '@temporalio/activity';

import type { RunDetail } from '../../contract/http';
import type { Problem } from '../../contract/problem';
import type { Run } from '../../contract/run';
import { deferred } from '../helpers/deferred';
import { type Activities, fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

const suite = workflowSuite();
let api: TestApi | undefined;

beforeAll(async () => {
  api = await testApi({ temporal: suite.env.address });
});
afterAll(async () => api?.close());

/** A host whose containers run until they are asked to end, and which reports to the store of the API. */
function patientHost(changes: Partial<Activities> = {}): Activities {
  const stopped = deferred();
  return fakeHost({
    recordRun: async (update) => api!.services.runStore.applyUpdate(update),
    followContainer: async () => stopped.promise.then(() => ({ ...GOOD_OUTCOME, exitCode: 143 })),
    stopContainer: async () => {
      stopped.resolve();
      return { how: 'terminated' };
    },
    ...changes,
  }).activities;
}

const quickHost = () => patientHost({ followContainer: async () => GOOD_OUTCOME });
const submit = async () => (await api!.post('/v1/runs', { image: 'trainyard/test:1' })).json<Run>().id;
const look = async (id: string) => (await api!.get(`/v1/runs/${encodeURIComponent(id)}`)).json<RunDetail>();
const reached = async (id: string, state: Run['state']) => until(async () => (await look(id)).state === state);

describe('a run', () => {
  test('goes from queued to its end', async () => {
    const id = await submit();
    await suite.withWorkers(quickHost(), async () => reached(id, 'succeeded'));

    expect(await look(id)).toMatchObject({ reason: 'completed', exitCode: 0, attempt: 1, host: 'fake' });
    const task = (await api!.get(`/train/${id}`)).json();
    expect(task).toMatchObject({ task_id: id, status: 'succeeded', exitCode: 0 });
  });

  test('that was cancelled says so once its container is gone, and then again at no cost', async () => {
    const id = await submit();
    await suite.withWorkers(patientHost(), async () => {
      await reached(id, 'running');
      const response = await api!.post(`/v1/runs/${id}/cancel`, { by: 'ada' });
      expect(response.statusCode).toBe(202);
      await reached(id, 'cancelled');
    });

    expect(await look(id)).toMatchObject({ reason: 'cancelled', message: 'The run was cancelled by ada.' });
    const again = await api!.request({ method: 'POST', url: `/v1/runs/${id}/cancel` });
    expect(again.statusCode).toBe(200);
    expect((await api!.request({ method: 'DELETE', url: `/train/${id}` })).statusCode).toBe(200);
  });

  test('that was suspended waits until it is resumed, and both can be asked again', async () => {
    const id = await submit();
    const ask = async (what: string, body: object = {}) => (await api!.post(`/v1/runs/${id}/${what}`, body)).statusCode;
    const stopped = deferred();
    const followContainer: Activities['followContainer'] = async ({ attempt }) =>
      attempt > 1 ? GOOD_OUTCOME : stopped.promise.then(() => ({ ...GOOD_OUTCOME, exitCode: 143 }));
    const stopContainer: Activities['stopContainer'] = async () => {
      stopped.resolve();
      return { how: 'terminated' };
    };
    await suite.withWorkers(patientHost({ followContainer, stopContainer }), async () => {
      await reached(id, 'running');
      expect(await ask('resume')).toBe(200);
      expect(await ask('suspend', { by: 'ada' })).toBe(202);
      await reached(id, 'suspended');
      expect(await look(id)).toMatchObject({ message: expect.stringMatching(/^Suspended by ada\./), host: null });
      expect(await ask('suspend')).toBe(200);
      expect(await ask('resume', { by: 'ada' })).toBe(202);
      await reached(id, 'succeeded');
    });
    expect(await look(id)).toMatchObject({ attempt: 2 });
    expect([await ask('suspend'), await ask('resume')]).toEqual([409, 409]);
    const { detail } = (await api!.post(`/v1/runs/${id}/resume`, {})).json<Problem>();
    expect(detail).toBe(`The run "${id}" has already succeeded; there is nothing to resume.`);
  });

  test('tells how far the pull of its image is, while it is pulled', async () => {
    const pulled = deferred();
    const half = { phase: 'downloading' as const, currentBytes: 50, totalBytes: 100 };
    const pullImage: Activities['pullImage'] = async () => {
      Context.current().heartbeat(half);
      await pulled.promise;
      return { imageId: 'sha256:1', digest: null, pulled: true, durationMs: 1 };
    };
    const id = await submit();
    await suite.withWorkers(patientHost({ pullImage, followContainer: async () => GOOD_OUTCOME }), async () => {
      await until(async () => (await look(id)).pull !== null);
      expect((await look(id)).pull).toEqual(half);
      pulled.resolve();
      await reached(id, 'succeeded');
    });
    expect((await look(id)).pull).toBeNull();
  });

  test('can be cancelled by DELETE /train/{task_id}', async () => {
    const { task_id: id } = (await api!.post('/train', { epochs: 2 })).json<{ task_id: string }>();
    await suite.withWorkers(patientHost(), async () => {
      await reached(id, 'running');
      expect((await api!.request({ method: 'DELETE', url: `/train/${id}` })).statusCode).toBe(202);
      await reached(id, 'cancelled');
    });
    expect(await look(id)).toMatchObject({ message: 'The run was cancelled by the API.' });
  });

  test('that came to another end cannot be cancelled', async () => {
    const id = await submit();
    await suite.withWorkers(quickHost(), async () => reached(id, 'succeeded'));
    const response = await api!.post(`/v1/runs/${id}/cancel`, {});

    expect(response.statusCode).toBe(409);
    expect(response.json<Problem>().detail).toMatch(/already succeeded/);
  });

  test('that was started by hand and is not in the store is told by its workflow', async () => {
    const silent = patientHost({ recordRun: async () => {} });
    await suite.withWorkers(silent, async (start) => {
      const handle = await start({ name: 'by-hand' });
      await reached(handle.workflowId, 'running');

      expect(await look(handle.workflowId)).toMatchObject({ name: 'by-hand', spec: null, attempts: [{ number: 1 }] });
      expect((await api!.post(`/v1/runs/${handle.workflowId}/cancel`, {})).statusCode).toBe(202);
      await expect(handle.result()).rejects.toThrow();
    });
  });

  test('that only Temporal knows, while nobody works, is not yet known, and is not unknown', async () => {
    const handle = await suite.client.start('runWorkflow', {
      taskQueue: 'nobody',
      workflowId: 'nobody-works',
      args: [{ image: 'trainyard/test:1' }],
    });
    const response = await api!.get(`/v1/runs/${handle.workflowId}`);
    await handle.terminate();

    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.json<Problem>().detail).toMatch(/no worker/);
  });

  test.each(['/v1/runs/none', '/v1/runs/none/logs', '/v1/runs/none/events', '/v1/runs/none/attempts', '/train/none'])(
    'that nobody knows answers 404 (%s)',
    async (url) => {
      const response = await api!.get(url);

      expect(response.statusCode).toBe(404);
      expect(response.json<Problem>().detail).toContain('"none"');
    },
  );

  test.each(['%2e%2e%2fetc', 'a%2fb', 'x'.repeat(129), '%00'])('has no id such as %s', async (id) => {
    expect((await api!.get(`/v1/runs/${id}`)).statusCode).toBe(404);
    expect((await api!.get(`/v1/runs/${id}/logs`)).statusCode).toBe(404);
  });

  test('cannot be cancelled, suspended or resumed where there is none', async () => {
    for (const what of ['cancel', 'suspend', 'resume']) {
      expect((await api!.post(`/v1/runs/none/${what}`, {})).statusCode).toBe(404);
      expect((await api!.post(`/v1/runs/none/${what}`, { why: 'x' })).statusCode).toBe(400);
    }
  });
});

test('GET /train/{task_id} has the newest numbers of the log', async () => {
  const { runStore, logStore } = api!.services;
  await storeRun(runStore, { id: 'numbers' });
  const writer = await logStore.openWriter('numbers', 1);
  const texts = ['{"epoch": 1, "loss": 0.5}', '{"epoch": 2, "loss": 0.4}', 'saved', '{"broken'];
  await writer.append(texts.map((text) => ({ time: '2026-01-01T00:00:00.000000000Z', stream: 'stdout', text })));
  await writer.close();

  expect((await api!.get('/train/numbers')).json()).toMatchObject({ metrics: { epoch: 2, loss: 0.4 } });
});

test('health is told that a control worker asks for work', async () => {
  await suite.withWorkers(quickHost(), async () => {
    await until(async () => {
      const { parts } = (await api!.get('/health')).json<{ parts: { workers: { ok: boolean } } }>();
      return parts.workers.ok;
    });
  });
});
