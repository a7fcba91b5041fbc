import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NO_TEMPORAL } from './test-api';

const MAIN = join(__dirname, '../../api/main.ts');
const HOOK = join(__dirname, '../helpers/typescript-hook.cjs');

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-api-main-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  output: { out: string; err: string };
  exited: Promise<number | null>;
}

function start(args: string[] = [], env: NodeJS.ProcessEnv = {}): Started {
  const child = fork(MAIN, args, {
    execArgv: ['--require', HOOK],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, TRAINYARD_DATA: join(folder, 'data'), TEMPORAL_ADDRESS: NO_TEMPORAL, ...env },
  });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout!.on('data', (text) => (output.out += String(text)));
  child.stderr!.on('data', (text) => (output.err += String(text)));
  const ends = [once(child, 'exit'), once(child.stdout!, 'end'), once(child.stderr!, 'end')] as const;
  const exited = Promise.all(ends).then(([[code]]) => code as number | null);
  return { child, output, exited };
}

async function ready({ child, output, exited }: Started): Promise<string> {
  await Promise.race([
    once(child, 'message'),
    exited.then((code) => Promise.reject(new Error(`it ended with ${code}: ${output.err}`))),
  ]);
  return /API is at (\S+)/.exec(output.out)?.[1] ?? '';
}

describe('the process of the API', () => {
  test('does not start with a policy in its folder that has a fault, and says which', async () => {
    const file = join(folder, 'mine.yaml');
    await writeFile(file, 'name: mine\ndescription: Mine.\npolicy: { retries: { attempts: 0 } }\n');
    const { exited, output } = start(['--port', '0'], { TRAINYARD_POLICIES: folder });

    expect(await exited).toBe(1);
    expect(output.err).toBe(
      `The policies cannot be used:\n  ${file}: policy.retries.attempts must be at least 1; got 0; write a whole number from 1 to 10\n`,
    );
  });

  test('takes a free port, prints it, serves while Temporal is away, and stops on SIGTERM', async () => {
    const api = start(['--port', '0']);
    const url = await ready(api);
    const list = await fetch(`${url}/v1/runs`);
    const health = await fetch(`${url}/health`);
    api.child.kill('SIGTERM');

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await list.json()).toEqual({ items: [], next: null });
    expect(health.status).toBe(503);
    expect(await api.exited).toBe(0);
    expect(api.output.err).toBe('');
  });

  test('stops when whoever started it is gone', async () => {
    const api = start([], { TRAINYARD_API_PORT: '0' });
    await ready(api);
    api.child.disconnect();

    expect(await api.exited).toBe(0);
  });

  test('says in one sentence that its port is in use, and exits 1', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const api = start(['--port', String(port)]);
    const code = await api.exited;
    blocker.close();

    expect(code).toBe(1);
    expect(api.output.err).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program; stop that one, or choose another with --port or TRAINYARD_API_PORT.\n`,
    );
  });

  test('says what is wrong with the data folder, and exits 1', async () => {
    await writeFile(join(folder, 'file'), '');
    const api = start([], { TRAINYARD_DATA: join(folder, 'file') });

    expect(await api.exited).toBe(1);
    expect(api.output.err).toMatch(/^[^\n]*data folder[^\n]*\n$/);
  });

  test('refuses an option that there is not, and exits 1', async () => {
    const api = start(['--prot', '1']);

    expect(await api.exited).toBe(1);
    expect(api.output.err).toMatch(/^[^\n]*'--prot'[^\n]*\n$/);
  });
});
