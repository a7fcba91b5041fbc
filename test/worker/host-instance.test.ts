import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { claimHostName, foreignPollers, hostInstance, HostNameTakenError } from '../../worker/host-instance';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();
const folder = (name: string): string => {
  const path = join(scratch.path, name);
  mkdirSync(path, { recursive: true });
  return path;
};
const HERE = { machine: 'machine-1', processes: 'kernel-1' };
const THERE = { machine: 'machine-2', processes: 'kernel-2' };

it('is the same for the next worker of the host, and another for another folder or machine', () => {
  const { isForeign, identity } = hostInstance(folder('a'), HERE);
  expect(isForeign(identity)).toBe(false);
  expect(isForeign(hostInstance(folder('a'), { ...HERE, processes: 'kernel-1b' }).identity)).toBe(false);
  expect(isForeign(hostInstance(folder('b'), HERE).identity)).toBe(true);
  expect(isForeign(hostInstance(folder('a'), THERE).identity)).toBe(true);
});

it('takes a worker that says nothing of its host, as an older version, for none of another', () => {
  expect(hostInstance(folder('a')).isForeign('4711@node-7')).toBe(false);
});

it('knows of a worker beside it that it has ended, and of one elsewhere nothing', () => {
  const { pid } = spawnSync('true');
  const ended = (place: typeof HERE): string => hostInstance(folder('b'), place).identity.replace(/^\d+/, String(pid));
  const { isForeign } = hostInstance(folder('a'), HERE);
  expect(isForeign(ended(HERE))).toBe(false);
  expect(isForeign(ended(THERE))).toBe(true);
});

it('refuses a name whose other host asked for tasks within the time that a worker takes', async () => {
  const own = hostInstance(folder('a'), HERE);
  const { identity } = hostInstance(folder('b'), THERE);
  const polled = (agoMs: number) => async () => [
    { identity: own.identity, askedAtMs: Date.now() },
    { identity, askedAtMs: Date.now() - agoMs },
  ];

  await expect(claimHostName('gpu-1', own, polled(60_000))).rejects.toThrow(HostNameTakenError);
  await expect(claimHostName('gpu-1', own, polled(60_000))).rejects.toThrow(
    /another host has the name "gpu-1": its worker \(\d+@\S+\) asked for tasks 60 s ago; .*TRAINYARD_HOST_NAME/,
  );
  await expect(claimHostName('gpu-1', own, polled(76_000))).resolves.toBeUndefined();
  expect(foreignPollers(await polled(1_000)(), own, Date.now())).toMatchObject([{ identity }]);
});
