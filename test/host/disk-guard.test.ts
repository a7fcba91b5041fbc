import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDiskGuard, type DiskGuard, type DiskUsage } from '../../host/disk-guard';

const settings = { dockerHost: 'unix:///var/run/docker.sock', disk: { refuseAt: 90, cleanAt: 80 } };

function guard(used: Record<string, number>, engineRoot: string | null = '/engine', host = settings): DiskGuard {
  const usageOf = async (path: string): Promise<DiskUsage | null> => {
    const usedPercent = used[path];
    return usedPercent === undefined ? null : { freeBytes: 100 - usedPercent, totalBytes: 100, usedPercent };
  };
  return createDiskGuard({ config: { data: '/data', host }, engineRoot: () => engineRoot, usageOf });
}

it('lets things start as long as both disks have room', async () => {
  const room = guard({ '/engine': 89, '/data': 89 });
  await expect(room.check()).resolves.toBeUndefined();
  expect(room.refusal(await room.look())).toBeNull();
});

it.each([
  [{ '/engine': 90, '/data': 10 }, '/engine is on a disk that is 90 % full', 'remove images and containers'],
  [{ '/engine': 10, '/data': 97 }, '/data is on a disk that is 97 % full', 'removing artifacts of ended runs'],
])('refuses from the mark on with %j, naming the path, the percentage and the mend', async (used, what, mend) => {
  await expect(guard(used).check()).rejects.toThrow(what);
  await expect(guard(used).check()).rejects.toThrow(mend);
  await expect(guard(used).check()).rejects.toMatchObject({ name: 'DiskFullError' });
});

it('tells the pool of each full disk in half a sentence', async () => {
  const full = guard({ '/engine': 93, '/data': 91 });
  expect(full.refusal(await full.look())).toBe(
    'has a disk that is 93 % full (/engine) and a disk that is 91 % full (/data)',
  );
});

it('needs nothing of the disk of the engine for a local process', async () => {
  await expect(guard({ '/engine': 99, '/data': 10 }).check({ asProcess: true })).resolves.toBeUndefined();
  await expect(guard({ '/engine': 10, '/data': 99 }).check({ asProcess: true })).rejects.toThrow('/data');
});

it('judges only the disks that it can see: not those of an engine elsewhere, or one that has not told yet', async () => {
  const paths = async (one: DiskGuard): Promise<string[]> => (await one.look()).map(({ path }) => path);
  const used = { '/engine': 99, '/data': 10 };
  expect(await paths(guard(used))).toEqual(['/engine', '/data']);
  expect(await paths(guard(used, null))).toEqual(['/data']);
  expect(await paths(guard(used, '/engine', { ...settings, dockerHost: 'tcp://elsewhere:2376' }))).toEqual(['/data']);
  expect(await paths(guard({ '/data': 10 }))).toEqual(['/data']);
});

it('asks the kernel, and counts as df does', async () => {
  const data = mkdtempSync(join(tmpdir(), 'trainyard-disk-'));
  const real = createDiskGuard({ config: { data, host: settings }, engineRoot: () => '/no/such/folder' });
  const [disk, ...more] = await real.look();
  rmSync(data, { recursive: true });
  expect(more).toEqual([]);
  expect(disk).toMatchObject({ use: 'data', path: data });
  expect(disk!.usedPercent).toBeGreaterThanOrEqual(0);
  expect(disk!.usedPercent).toBeLessThanOrEqual(100);
  expect(disk!.freeBytes).toBeLessThan(disk!.totalBytes);
});
