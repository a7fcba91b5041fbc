import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isKillWithin, kernelKills } from '../../host/kernel-log';
import { scratchFolder } from '../helpers/scratch-folder';

const ID = 'd238580c8d8c3b2ca777759f42dc8be02c1a926c03ba75584d01e494231bb8ce';
const OTHER = ID.replaceAll('d', 'e');

const killOf = (limited: string, killed = limited): string =>
  `6,47450,73197561240,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${ID},mems_allowed=0,` +
  `oom_memcg=${limited},task_memcg=${killed},task=python3,pid=24267,uid=0\n`;

it.each([
  ['the group of the container', killOf(`/docker/${ID}`), true],
  ['its scope under systemd', killOf(`/system.slice/docker-${ID}.scope`), true],
  ['a group that the container made itself', killOf(`/docker/${ID}/mine`), true],
  ['the group of another container', killOf(`/docker/${OTHER}`), false],
  ['a group above it, whose limit is not its own', killOf('/docker', `/docker/${ID}`), false],
  [
    'the whole machine',
    `6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/docker/${ID},task=x\n`,
    false,
  ],
  ['nothing', `3,1,1,-;Memory cgroup out of memory: Killed process 24267 (python3)\n`, false],
])('a kill within the limit of %s counts or does not', (_, record, counts) => {
  expect(isKillWithin(ID, record)).toBe(counts);
});

describe('the log of the kernel', () => {
  const scratch = scratchFolder();

  it('is no count where it cannot be read', async () => {
    expect(await kernelKills(ID, join(scratch.path, 'none'))).toBeNull();
  });

  it('counts none where no record tells of one', async () => {
    const path = join(scratch.path, 'kmsg');
    writeFileSync(path, killOf(`/docker/${OTHER}`));
    expect(await kernelKills(ID, path)).toBe(0);
  });
});
