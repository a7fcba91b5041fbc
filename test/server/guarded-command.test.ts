import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { guardedCommand } from '../../server/guarded-command';
import { until } from '../helpers/until';

const folder = mkdtempSync(join(tmpdir(), 'trainyard-guard-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a shell script under the guard, in a group of its own. */
function guard(script: string): ChildProcess {
  const { command, args } = guardedCommand('sh', ['-c', script]);
  return spawn(command, args, { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
}

async function pidIn(name: string): Promise<number> {
  return until(() => Number(readFileSync(join(folder, name), 'utf8')));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('guardedCommand', () => {
  it('ends the program when the pipe is closed', async () => {
    const guarded = guard(`echo $$ > ${folder}/closed; exec sleep 1000`);
    const program = await pidIn('closed');
    const exit = once(guarded, 'exit');
    guarded.stdin!.end();
    expect(await exit).toEqual([143, null]);
    expect(isAlive(program)).toBe(false);
  });

  it('ends the program when the process that holds the pipe is killed', async () => {
    const { command, args } = guardedCommand('sh', ['-c', `echo $$ > ${folder}/orphan; exec sleep 1000`]);
    const holder = spawn(process.execPath, [
      '-e',
      `require('node:child_process').spawn(...${JSON.stringify([command, args])}, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }); setInterval(() => {}, 1000)`,
    ]);
    const program = await pidIn('orphan');
    expect(isAlive(program)).toBe(true);
    holder.kill('SIGKILL');
    await until(() => !isAlive(program));
  });

  it('ends with the exit code of the program, and leaves no watcher', async () => {
    const guarded = guard('exit 7');
    expect(await once(guarded, 'exit')).toEqual([7, null]);
    await until(() => !isAlive(-guarded.pid!));
    guarded.stdin!.destroy();
  });

  it('tells of a program that was killed', async () => {
    const guarded = guard(`echo $$ > ${folder}/killed; exec sleep 1000`);
    const exit = once(guarded, 'exit');
    process.kill(await pidIn('killed'), 'SIGKILL');
    expect(await exit).toEqual([137, null]);
    guarded.stdin!.destroy();
  });
});
