import type { Engine, EngineInfo } from '../docker/engine';
import { checkDisk } from './check-machine';
import { fail, type Finding, messageOf, ok, warn } from './finding';

/** From this version of its API on (Engine 24) a log that is resumed loses no line. */
const API_WANTED = [1, 43] as const;
const SLOW_DRIVERS = ['vfs', 'devicemapper'];
const CLOCK_TOLERANCE_MS = 5_000;

/** The engine itself, then what it says of its machine. */
export async function checkEngine(engine: Engine, dockerHost: string): Promise<Finding[]> {
  const askedAtMs = Date.now();
  let info: EngineInfo;
  try {
    info = await engine.info();
  } catch (error) {
    const mend = 'Start it (systemctl start docker, or script/bootstrap), or name another with DOCKER_HOST.';
    return [fail('Docker Engine', `None answers at ${dockerHost} (${messageOf(error)}).`, mend)];
  }
  return [
    checkVersion(info),
    checkLiveRestore(info),
    checkLimits(info),
    checkDriver(info),
    checkClock(info, (askedAtMs + Date.now()) / 2),
    ...(dockerHost.startsWith('unix:') ? [checkDisk('the Docker Engine', info.rootDir)] : []),
  ];
}

export function checkVersion({ version, apiVersion, operatingSystem }: EngineInfo): Finding {
  const finding = `Engine ${version} (API ${apiVersion}) on ${operatingSystem}.`;
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  if (major > API_WANTED[0] || (major === API_WANTED[0] && minor >= API_WANTED[1])) return ok('Docker Engine', finding);
  return warn(
    'Docker Engine',
    `${finding} Before API ${API_WANTED.join('.')} a log that is resumed after a restart can miss lines.`,
    'Install Docker Engine 24 or later.',
  );
}

export function checkLiveRestore({ liveRestore }: EngineInfo): Finding {
  if (liveRestore) return ok('Live-restore', 'Containers go on while the Docker Engine restarts.');
  return warn(
    'Live-restore',
    'It is off: a restart of the Docker Engine kills every training.',
    'Put "live-restore": true into /etc/docker/daemon.json and reload the engine (systemctl reload docker, or SIGHUP).',
  );
}

export function checkLimits({ warnings }: EngineInfo): Finding {
  const missing = warnings.filter(
    (text) => /no (memory|cpu|pids|kernel memory) /i.test(text) && !/swap|kernel memory/i.test(text),
  );
  if (missing.length === 0) return ok('Limits', 'The engine can limit memory, CPUs and processes of a container.');
  return fail(
    'Limits',
    `The engine cannot hold containers to their limits: ${missing.join('; ')}.`,
    'Mount control groups with the memory, cpu and pids controllers on that machine, and restart the engine.',
  );
}

export function checkDriver({ storageDriver }: EngineInfo): Finding {
  if (!SLOW_DRIVERS.includes(storageDriver)) return ok('Storage driver', `${storageDriver}.`);
  return warn(
    'Storage driver',
    `${storageDriver} copies whole images: starts are slow and the disk fills.`,
    'Have the engine use overlay2: its data folder must lie on a file system such as ext4 or xfs.',
  );
}

export function checkClock({ time }: EngineInfo, nowMs: number): Finding {
  const aheadMs = Date.parse(time) - nowMs;
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return ok('Clock', 'This machine and the engine agree on the time.');
  const how = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
  return warn(
    'Clock',
    `The clock of the engine is ${how} the one of this machine; times in logs and lists will not fit together.`,
    'Have both machines keep their time with NTP.',
  );
}

/** Whether the images of recipes are on the engine, so that a first run need not pull. */
export async function checkImages(
  engine: Engine,
  images: readonly { recipe: string; image: string }[],
): Promise<Finding[]> {
  return Promise.all(
    images.map(async ({ recipe, image }) => {
      const what = `Image of ${recipe}`;
      try {
        if (await engine.findImage(image)) return ok(what, `${image} is there.`);
        const mend = `Run script/bootstrap, which builds it, or: docker pull ${image}`;
        return warn(what, `${image} is not on the engine; the first run has to pull it.`, mend);
      } catch (error) {
        return warn(what, `${image} could not be looked for (${messageOf(error)}).`, 'Mend the Docker Engine first.');
      }
    }),
  );
}
