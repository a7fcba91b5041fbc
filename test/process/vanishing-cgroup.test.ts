import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cgroupMembers, findCgroups, removeCgroup } from '../../process/cgroups';

/** Makes the group at this path and removes it, again and again. */
const COMES_AND_GOES = `
const { mkdirSync, rmdirSync } = require('node:fs');
console.log('begun');
for (;;) {
  for (const change of [mkdirSync, rmdirSync]) {
    try { change(process.argv[1]); } catch (error) { if (!['EEXIST', 'ENOENT'].includes(error.code)) throw error; }
  }
}`;
/** Of 100, some fall between any two system calls of the other process. */
const TRIES = 5000;

let parent: string;
let group: string;
let other: ChildProcess;
let ended: Promise<unknown>;

beforeEach(async () => {
  // Where there are no control groups the folders are plain ones, which vanish in the same way.
  parent = mkdtempSync(join(findCgroups()?.roots.pids ?? tmpdir(), 'trainyard-test-'));
  group = join(parent, 'group');
  other = spawn(process.execPath, ['-e', COMES_AND_GOES, group], { stdio: ['ignore', 'pipe', 'inherit'] });
  ended = once(other, 'exit');
  await once(other.stdout!, 'data');
});

afterEach(async () => {
  other.kill('SIGKILL');
  // Neither was it done earlier: it changed the group until now.
  expect(await ended).toEqual([null, 'SIGKILL']);
  if (existsSync(group)) rmdirSync(group);
  rmdirSync(parent);
});

test('a group that vanishes while it is looked at has no members', () => {
  for (let tries = 0; tries < TRIES; tries += 1) expect(cgroupMembers([group])).toEqual([]);
});

test('a group that another process removes just now is removed', async () => {
  for (let tries = 0; tries < TRIES; tries += 1) await removeCgroup([group]);
});
