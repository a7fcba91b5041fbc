import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Part, type PartPlan, startPart } from '../../server/part';
import { until } from '../helpers/until';

const folder = mkdtempSync(join(tmpdir(), 'trainyard-part-'));
const logFile = join(folder, 'part.log');
const never = new AbortController().signal;
const started: Part[] = [];

afterAll(async () => {
  await Promise.all(started.map((part) => part.stop()));
  rmSync(folder, { recursive: true });
});

function planOf(script: string, overrides: Partial<PartPlan> = {}): PartPlan {
  return {
    name: 'part',
    logFile,
    spawn: (out) => spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', out, out] }),
    ready: async () => undefined,
    readyWithinMs: 10_000,
    requestStop: (child) => void child.kill('SIGTERM'),
    graceMs: 5_000,
    ...overrides,
  };
}

async function startTestPart(plan: PartPlan, report: (line: string) => void = () => undefined): Promise<Part> {
  const part = await startPart(plan, report, never);
  started.push(part);
  return part;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startPart', () => {
  it('starts a part again that was killed, and says so in one line', async () => {
    const said: string[] = [];
    const part = await startTestPart(planOf('exec sleep 1000'), (line) => said.push(line));
    const first = part.pid()!;
    process.kill(first, 'SIGKILL');
    const second = await until(() => part.pid() !== first && part.pid());
    expect(isAlive(second)).toBe(true);
    expect(said).toEqual([`The part ended (SIGKILL) and is started again in 0.2 s; its log: ${logFile}`]);
    await part.stop();
    expect(isAlive(second)).toBe(false);
  });

  it('waits longer after each death in a row', async () => {
    const said: string[] = [];
    const part = await startTestPart(planOf('exit 3'), (line) => said.push(line));
    await until(() => said.length >= 3);
    await part.stop();
    expect(said.map((line) => /\((.*)\) and is started again in (.*) s;/.exec(line)?.slice(1, 3)).slice(0, 3)).toEqual([
      ['exit code 3', '0.2'],
      ['exit code 3', '0.4'],
      ['exit code 3', '0.8'],
    ]);
  });

  it('kills what does not end within its grace, with all that it started', async () => {
    const script = 'trap "" TERM; sleep 1000 & echo child $!; echo listening; wait; sleep 1000';
    const heard = async (): Promise<void> =>
      void (await until(() => readFileSync(logFile, 'utf8').includes('listening')));
    const part = await startTestPart(planOf(script, { ready: heard, graceMs: 200 }));
    const child = Number(/child (\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1]);
    expect(isAlive(child)).toBe(true);
    await part.stop();
    await until(() => !isAlive(child));
  });

  it('shows the end of the log of a part that ends before it is ready, and only that of this start', async () => {
    const earlier = planOf('echo of an earlier start; exit 1', { ready: () => new Promise(() => undefined) });
    await expect(startTestPart(earlier)).rejects.toThrow('of an earlier start');
    const failing = planOf('echo the disk is full; exit 7', { ready: () => new Promise(() => undefined) });
    const refused = startTestPart(failing);
    await expect(refused).rejects.toThrow(
      /The part did not start: it ended \(exit code 7\).*\n {2}\| the disk is full$/s,
    );
    await expect(refused).rejects.not.toThrow('earlier');
  });

  it('gives up on a part that never becomes ready, and leaves nothing of it', async () => {
    let pid = 0;
    const plan = planOf('exec sleep 1000', {
      readyWithinMs: 100,
      ready: (child) => {
        pid = child.pid!;
        return new Promise(() => undefined);
      },
    });
    await expect(startTestPart(plan)).rejects.toThrow('it was not ready within 0.1 s');
    expect(isAlive(pid)).toBe(false);
  });

  it('breaks off a start that nobody waits for any more', async () => {
    const stop = new AbortController();
    let pid = 0;
    const plan = planOf('exec sleep 1000', {
      ready: (child) => {
        pid = child.pid!;
        setImmediate(() => stop.abort());
        return new Promise(() => undefined);
      },
    });
    await expect(startPart(plan, () => undefined, stop.signal)).rejects.toThrow('the stop was asked for');
    expect(isAlive(pid)).toBe(false);
  });
});
