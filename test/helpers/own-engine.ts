import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { TEST_DOCKER_HOST, TEST_IMAGE } from './engine';
import { until } from './until';

/**
 * A Docker Engine of a test file's own, which may be stopped, killed and frozen: the real one of the machine belongs to
 * everybody. It has its own data, socket and containerd, and no network: its containers take `none` or `host`.
 */
export interface OwnEngine {
  /** As in DOCKER_HOST. */
  dockerHost: string;
  socket: string;
  /** A client of it. */
  engine: Engine;
  /** Starts it again after {@link OwnEngine.stop} or {@link OwnEngine.kill}; resolves when it answers. */
  start(): Promise<void>;
  /** What an init does: SIGTERM. Resolves when the process is gone; without live-restore its containers have ended, too. */
  stop(): Promise<void>;
  /** SIGKILL. Its containers go on until it is started again, and beyond that with live-restore. */
  kill(): Promise<void>;
  /** As when the machine loses its power: the engine, its containers and all that stood between them are gone at once. */
  crash(): Promise<void>;
  /** SIGSTOP: it takes connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** Copies images from the machine's own engine. */
  copyImages(...images: string[]): Promise<void>;
  /** The docker command line against it; what it printed, trimmed. */
  docker(...args: string[]): Promise<string>;
  /** Ends it, its containers and their shims, and removes all it had. For `afterAll`. */
  dispose(): Promise<void>;
}

export interface OwnEngineOptions {
  /** Default false, as with engines that nobody has set up. */
  liveRestore?: boolean;
  /** Default: the small test image. */
  images?: string[];
}

export async function startOwnEngine({
  liveRestore = false,
  images = [TEST_IMAGE],
}: OwnEngineOptions = {}): Promise<OwnEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-own-engine-'));
  const reaper = startReaper(folder);
  const socket = join(folder, 'docker.sock');
  const dockerHost = `unix://${socket}`;
  const engine = createEngine(dockerHost);
  let daemon: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    daemon = spawnDaemon(folder, dockerHost, liveRestore);
    await answering(engine, daemon, folder);
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (daemon === undefined) return;
    const gone = once(daemon, 'exit');
    daemon.kill(signal);
    await gone;
    daemon = undefined;
  };
  const docker = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('docker', ['--host', dockerHost, ...args])).stdout.trim();
  const own: OwnEngine = {
    dockerHost,
    socket,
    engine,
    start,
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
      await forgetContainerd(folder);
    },
    crash: async () => {
      const gone = once(daemon!, 'exit');
      await promisify(execFile)('bash', ['--norc', '-c', KILL_ALL], { env: scriptEnv(folder) });
      await gone;
      daemon = undefined;
      await forgetContainerd(folder);
    },
    freeze: () => void daemon?.kill('SIGSTOP'),
    thaw: () => void daemon?.kill('SIGCONT'),
    copyImages: async (...names) => {
      const copy = 'docker --host "$0" save "$@" | docker --host "$TARGET" load --quiet';
      await promisify(execFile)('sh', ['-c', copy, TEST_DOCKER_HOST, ...names], {
        env: { ...process.env, TARGET: dockerHost },
      });
    },
    docker,
    dispose: async () => {
      engine.close();
      reaper.stdin!.end();
      const [code] = (await once(reaper, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`the engine in ${folder} could not be removed (exit code ${code})`);
    },
  };
  try {
    await start();
    if (images.length > 0) await own.copyImages(...images);
    return own;
  } catch (error) {
    await own.dispose();
    throw error;
  }
}

/** Two engines cannot share a bridge or the machine's firewall rules, so this one does without both. */
function spawnDaemon(folder: string, dockerHost: string, liveRestore: boolean): ChildProcess {
  const settings = join(folder, 'daemon.json');
  writeFileSync(settings, JSON.stringify({ 'live-restore': liveRestore }));
  const output = openSync(join(folder, 'dockerd.log'), 'a');
  const own = ['--host', dockerHost, '--config-file', settings, '--pidfile', join(folder, 'pid')];
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false'];
  // A session of its own, so that Ctrl-C on the tests does not reach it before they are done with it.
  const daemon = spawn('dockerd', [...own, ...places, ...network], {
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  return daemon;
}

async function answering(engine: Engine, daemon: ChildProcess, folder: string): Promise<void> {
  let failure: Error | undefined;
  daemon.once('error', (error) => (failure = error));
  await until(
    async () => {
      if (failure !== undefined || daemon.exitCode !== null) return true;
      return engine.info();
    },
    { timeoutMs: 60_000 },
  );
  if (failure !== undefined) throw failure;
  if (daemon.exitCode === null) return;
  throw new Error(`dockerd ended: ${readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-2000)}`);
}

/**
 * Containerd dies with an engine that is killed. The next engine takes it for alive as long as init has not asked for its
 * exit code, over which some take their time, and waits ten seconds for it to answer.
 */
async function forgetContainerd(folder: string): Promise<void> {
  const pidFile = join(folder, 'exec', 'containerd', 'containerd.pid');
  if (!existsSync(pidFile)) return;
  const pid = readFileSync(pidFile, 'utf8').trim();
  await until(() => isDead(pid));
  rmSync(pidFile);
}

function isDead(pid: string): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
  } catch {
    return true;
  }
}

/** Kills the engine's processes (they name the folder) and the containers (children of the shims) until none is left. */
const KILL_ALL = `
processes() { pgrep -f -- " $FOLDER/"; }
for _ in $(seq 100); do
  found=$(processes) || break
  for id in $(ls "$FOLDER/data/containers" 2>/dev/null); do
    # Nothing dies in a frozen control group.
    for state in /sys/fs/cgroup/freezer/docker/$id/freezer.state; do [ -e "$state" ] && echo THAWED >"$state"; done
    for state in /sys/fs/cgroup/docker/$id/cgroup.freeze; do [ -e "$state" ] && echo 0 >"$state"; done
  done
  for pid in $found; do
    grep -q shim "/proc/$pid/comm" 2>/dev/null && pkill -KILL --parent "$pid"
    kill -KILL "$pid" 2>/dev/null
  done
  sleep 0.1
done
`;

/** Waits until its input ends, which it also does when the tests are killed, and then removes everything. */
const REAP = `
cat >/dev/null
${KILL_ALL}
while mounts=$(cut -d ' ' -f 2 /proc/mounts | grep "^$FOLDER/"); do
  echo "$mounts" | sort -r | xargs -r umount --lazy || exit 1
done
for id in $(ls "$FOLDER/data/containers" 2>/dev/null); do
  find /sys/fs/cgroup -depth -type d -path "*/docker/$id*" -exec rmdir {} + 2>/dev/null
done
rm -rf --one-file-system "$FOLDER"
`;

function startReaper(folder: string): ChildProcess {
  return spawn('bash', ['--norc', '-c', REAP], {
    env: scriptEnv(folder),
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
}

function scriptEnv(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], FOLDER: folder };
}
