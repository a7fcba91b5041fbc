import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { allProcesses, isAlive, signalTo, untilDead } from './processes';

const run = promisify(execFile);
const ENGINE_SCRIPT = join(__dirname, '../../script/engine');
const RUNTIME_FOLDER = '/run/trainyard';

/** A Docker Engine that nobody else uses, with live-restore, so that it may be killed. */
export interface OwnEngine {
  readonly dockerHost: string;
  /** Where its containers have their files, its own logs of them among these. */
  readonly containersFolder: string;
  pid(): number | undefined;
  /** SIGKILL; resolves when the process is gone. Containers go on. */
  kill(): Promise<void>;
  /** Starts it again; resolves when it answers. */
  start(): Promise<void>;
  /** One line for each container of the installation, in any state. */
  containersOf(installationLabel: string): Promise<string[]>;
  /** Removes all of its containers, stops it, and removes what it stored. */
  dispose(): Promise<void>;
}

/**
 * @param name up to 31 letters, digits and dashes; two of a machine must differ.
 * @param folder keeps the engine's data and log.
 * @param images are copied from the engine of the environment.
 */
export async function startOwnEngine(
  name: string,
  folder: string,
  images: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<OwnEngine> {
  mkdirSync(folder, { recursive: true });
  const engine = ownEngine(name, folder, { ...env, TRAINYARD_CACHE: folder, PATH: withCachedTools(env) });
  await engine.start();
  for (const image of images) await copyImage(image, engine.dockerHost, env);
  return engine;
}

function ownEngine(name: string, folder: string, env: NodeJS.ProcessEnv): OwnEngine {
  const dockerHost = hostOf(name);
  const data = join(folder, 'engine', name, 'data');
  const script = async (command: 'start' | 'stop'): Promise<void> =>
    void (await run(ENGINE_SCRIPT, [command, name], { env }));
  const list = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run('docker', ['--host', dockerHost, 'ps', '--all', ...args], { env });
    return stdout.split('\n').filter(Boolean);
  };
  const pidFile = `${RUNTIME_FOLDER}/${name}.pid`;
  const pid = (): number | undefined => pidIn(pidFile);
  return {
    dockerHost,
    containersFolder: join(data, 'containers'),
    pid,
    start: () => script('start'),
    kill: async () => {
      const victim = pid();
      if (victim === undefined || !signalTo(victim, 'SIGKILL')) return;
      await untilDead(victim);
      // An engine takes the one before for alive as long as init has not asked for its exit code, and does not start.
      rmSync(pidFile);
    },
    containersOf: (label) => list('--filter', `label=${label}`, '--format', '{{.Names}} ({{.Status}})'),
    dispose: async () => {
      await script('start');
      const all = await list('--quiet');
      if (all.length > 0) await run('docker', ['--host', dockerHost, 'rm', '--force', ...all], { env });
      await script('stop');
      await endProcesses(join(RUNTIME_FOLDER, name));
      for (const kept of [data, join(RUNTIME_FOLDER, name)]) await removeMounted(kept);
    },
  };
}

function hostOf(name: string): string {
  return `unix://${RUNTIME_FOLDER}/${name}.sock`;
}

function pidIn(file: string): number | undefined {
  const known = existsSync(file) ? Number(readFileSync(file, 'utf8')) : NaN;
  return known > 0 && isAlive(known) ? known : undefined;
}

/**
 * Kills what an engine that was killed has lost sight of: helpers of containers that were being made just then. Each names
 * the engine's folder among its arguments, except for its children.
 */
async function endProcesses(runtimeFolder: string): Promise<void> {
  const helpers = allProcesses().filter(({ args }) => args.includes(`${runtimeFolder}/`));
  const children = allProcesses().filter(({ parent }) => helpers.some(({ pid }) => pid === parent));
  for (const { pid } of [...children, ...helpers]) if (signalTo(pid, 'SIGKILL')) await untilDead(pid);
}

/** What an engine has mounted stays mounted when it is killed, and the next one does not know that it is its own. */
async function removeMounted(folder: string): Promise<void> {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  const below = mounts.filter((mount) => mount === folder || mount.startsWith(`${folder}/`));
  for (const mount of below.toSorted().toReversed()) await run('umount', [mount]);
  rmSync(folder, { recursive: true, force: true });
}

async function copyImage(image: string, dockerHost: string, env: NodeJS.ProcessEnv): Promise<void> {
  const copy = 'docker save "$1" | docker --host "$2" load --quiet';
  await run('bash', ['-o', 'pipefail', '-c', copy, 'copy', image, dockerHost], {
    env: { ...env, PATH: withCachedTools(env) },
  });
}

/** script/engine looks for the docker command line in its cache, which is another one here. */
function withCachedTools(env: NodeJS.ProcessEnv): string {
  const cache =
    env['TRAINYARD_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? '/root', '.cache'), 'trainyard');
  return `${env['PATH'] ?? ''}:/usr/sbin:/sbin:${join(cache, 'bin')}`;
}
