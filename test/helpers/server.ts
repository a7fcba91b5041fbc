import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { LABELS } from '../../contract/names';
import { createEngine } from '../../docker/dockerode-engine';
import { TEST_DOCKER_HOST } from './engine';
import { temporalBinary } from './temporal';
import { until } from './until';
import { testName } from './test-owner';

const CLI = resolve(__dirname, '../../dist/cli/main.js');

export interface ServerOptions {
  env?: NodeJS.ProcessEnv;
  /** More arguments of `trainyard up`; with them, ports are not chosen for you. */
  args?: string[];
}

/** A server as `script/server` starts it, on ports, a data folder and an installation of its own. */
export interface TestServer {
  url: string;
  temporalAddress: string;
  data: string;
  installation: string;
  /** What it printed so far. */
  output(): string;
  supervisor: number;
  /** Process of a part now; undefined between its death and its next start. */
  pidOf(part: Part): number | undefined;
  /** SIGTERM, as Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Starts it again after a stop, on the same data and ports. */
  restart(): Promise<void>;
  /** Stops it, and removes its data and containers; for `afterAll`. Returns what of it was still there. */
  dispose(): Promise<string[]>;
}

export type Part = 'temporal' | 'worker' | 'api';

const MARK_OF_PART: Record<Part, string> = {
  temporal: 'server start-dev',
  worker: 'dist/worker/main.js',
  api: 'dist/api/main.js',
};

export async function startServer({ env = {}, args = [] }: ServerOptions = {}): Promise<TestServer> {
  const data = mkdtempSync(join(tmpdir(), 'trainyard-e2e-'));
  const installation = testName('e2e');
  const allEnv = {
    ...process.env,
    TRAINYARD_TEMPORAL_BIN: temporalBinary(),
    TRAINYARD_INSTALLATION: installation,
    TEMPORAL_ADDRESS: undefined,
    ...env,
  };
  let ports = ['--port', '0', '--temporal-port', '0', '--ui-port', '0'];
  let running = await launch(['--data', data, ...ports, ...args], allEnv);
  const urls = /ready: http:\/\/127\.0\.0\.1:(\d+) .*Temporal UI http:\/\/127\.0\.0\.1:(\d+)/.exec(running.output());
  const [port = '', uiPort = ''] = urls?.slice(1) ?? [];
  const temporalPort = /--port (\d+)/.exec(commandLine(running.child.pid!, 'temporal'))?.[1] ?? '';
  ports = ['--port', port, '--temporal-port', temporalPort, '--ui-port', uiPort];
  const seen = new Set(descendants(running.child.pid!).map(({ pid }) => pid));
  const stop = (): Promise<number | null> => {
    for (const { pid } of descendants(running.child.pid!)) seen.add(pid);
    return running.stop();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    temporalAddress: `127.0.0.1:${temporalPort}`,
    data,
    installation,
    output: () => running.output(),
    get supervisor() {
      return running.child.pid!;
    },
    pidOf: (part) => descendants(running.child.pid!).find((found) => isPart(found, part))?.pid,
    stop,
    restart: async () => {
      running = await launch(['--data', data, ...ports, ...args], allEnv);
    },
    dispose: async () => {
      await stop();
      const engine = createEngine(TEST_DOCKER_HOST);
      const containers = await engine.listContainers({ [LABELS.installation]: installation });
      for (const { id } of containers) await engine.removeContainer(id);
      engine.close();
      rmSync(data, { recursive: true, force: true });
      // One that was just killed stays in the process table until its parent, or init, has asked for its end.
      const alive = (): number[] => [...seen].filter((pid) => isAlive(pid));
      await until(() => alive().length === 0, { timeoutMs: 15_000 }).catch(() => undefined);
      const processes = alive().map((pid) => `process ${pid}`);
      return [...processes, ...containers.map(({ labels }) => `container of run ${labels[LABELS.run]}`)];
    },
  };
}

/** `trainyard` as a process of its own, until it ends. */
export async function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, out, err };
}

/** The `temporal` command line against a server. */
export function temporalCli(server: Pick<TestServer, 'temporalAddress'>, ...args: string[]): string {
  return execFileSync(temporalBinary(), ['--address', server.temporalAddress, ...args], { encoding: 'utf8' });
}

interface Launched {
  child: ChildProcess;
  output(): string;
  stop(): Promise<number | null>;
}

async function launch(args: string[], env: NodeJS.ProcessEnv): Promise<Launched> {
  if (!existsSync(CLI)) throw new Error('dist/ is missing; run npm run build first');
  const child = spawn(process.execPath, [CLI, 'up', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await until(() => text.includes('Trainyard is ready') || hasEnded(), { timeoutMs: 120_000 });
  if (hasEnded()) throw new Error(`the server did not start: ${text}`);
  return {
    child,
    output: () => text,
    stop: () => {
      if (!hasEnded()) child.kill('SIGTERM');
      return ended;
    },
  };
}

interface FoundProcess {
  pid: number;
  parent: number;
  args: string;
}

function descendants(ancestor: number): FoundProcess[] {
  const all = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, args]): FoundProcess => ({ pid: Number(pid), parent: Number(parent), args: args ?? '' }));
  const below = (pid: number): FoundProcess[] =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(ancestor);
}

/** The guard of Temporal carries Temporal's arguments too. */
function isPart({ args }: FoundProcess, part: Part): boolean {
  return args.includes(MARK_OF_PART[part]) && !args.startsWith('sh -c');
}

function commandLine(supervisor: number, part: Part): string {
  return descendants(supervisor).find((found) => isPart(found, part))?.args ?? '';
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
