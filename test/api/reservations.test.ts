import type { PoolDetail, PoolReservation } from '../../contract/pool-http';
import type { Problem } from '../../contract/problem';
import { poolSuite } from './pool-world';

const pools = poolSuite();
const { world, inWorld } = pools;

const GPU = { model: 'NVIDIA H100 80GB HBM3', memoryBytes: 80 * 1024 ** 3, mig: false, trouble: null, detail: null };
const reserve = (body: object) => pools.api.post('/v1/reservations', body);
const list = async (query = '') =>
  (await pools.api.get(`/v1/reservations${query}`)).json<{ items: PoolReservation[] }>().items;

test('GPUs are kept for a project from a time for a duration, listed, and given back', async () => {
  await inWorld(async () => {
    const gpus = [0, 1].map((index) => ({ ...GPU, id: `GPU-${index}`, index }));
    await world.hostIs({ name: 'large', cpus: 16, gpus });
    const from = new Date(Date.now() + 3_600_000).toISOString();
    const later = await reserve({ project: 'vision', gpus: 2, gpuModel: 'H100', from, for: '12h', by: 'ada' });
    expect([later.statusCode, later.json<PoolReservation>()]).toEqual([
      201,
      {
        id: expect.stringMatching(/^reservation-/),
        pool: 'default',
        project: 'vision',
        gpus: 2,
        gpuModel: 'H100',
        from,
        until: new Date(Date.parse(from) + 12 * 3_600_000).toISOString(),
        by: 'ada',
      },
    ]);
    const soon = (await reserve({ project: 'speech', gpus: 1, until: from })).json<PoolReservation>();
    expect(soon).toMatchObject({ gpuModel: null, until: from, by: 'the API' });

    expect((await list()).map(({ project }) => project)).toEqual(['speech', 'vision']);
    expect((await list('?pool=default')).length).toBe(2);
    expect((await pools.api.get('/v1/pools/default')).json<PoolDetail>().reservations).toHaveLength(2);
    const remove = () => pools.api.request({ method: 'DELETE', url: `/v1/reservations/${soon.id}` });
    expect((await remove()).statusCode).toBe(204);
    expect((await remove()).statusCode).toBe(404);
    expect(await list()).toEqual([later.json()]);

    const tooMany = await reserve({ project: 'vision', gpus: 64, for: '1h' });
    expect(tooMany.statusCode).toBe(409);
    expect(tooMany.json<Problem>()).toMatchObject({
      type: 'urn:trainyard:problem:change-refused',
      detail: expect.stringContaining('2'),
    });
  });
});

test.each<[object, string, string]>([
  [{ project: 'vision', gpus: 1 }, '', 'write exactly one of `for` and `until`'],
  [{ project: 'vision', gpus: 1, for: '1h', until: '2126-01-01T00:00:00Z' }, '', 'write exactly one'],
  [{ project: 'vision', gpus: 1, for: '0s' }, 'for', 'must end after it begins'],
  [{ project: 'vision', gpus: 1, until: '2020-01-01T00:00:00Z' }, 'until', 'must end after it begins'],
  [{ project: 'vision', gpus: 1, from: '2020-01-01T00:00:00Z', for: '1h' }, 'for', 'must end after now'],
  [{ project: 'vision', gpus: 1, from: '2126-02-30T25:00:00Z', for: '1h' }, 'from', 'there is no such time'],
  [{ project: 'vision', gpus: 0, for: '1h' }, 'gpus', 'write a whole number from 1'],
  [{ gpus: 1, for: '1h' }, 'project', 'is missing; write the name of a project'],
  [{ project: 'vision', gpus: 1, for: '1 hour' }, 'for', 'write a duration such as'],
  [{ project: 'vision', gpu: 1, for: '1h' }, 'gpu', 'did you mean `gpus`?'],
])('a reservation %j is refused at "%s"', async (body, path, message) => {
  const response = await reserve(body);
  expect(response.statusCode).toBe(400);
  expect(response.json<Problem>().errors).toContainEqual({ path, message: expect.stringContaining(message) });
});

test('of a pool that there is not answers 404', async () => {
  expect((await reserve({ pool: 'none', project: 'vision', gpus: 1, for: '1h' })).statusCode).toBe(404);
});
