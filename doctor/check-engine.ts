import type { Engine, EngineInfo } from '../docker/engine';
import { noLimits, noLiveRestore, oldApi } from '../docker/engine-shortcomings';
import { checkDisk } from './check-machine';
import { fail, type Finding, messageOf, ok, warn } from './finding';

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

export function checkVersion(info: EngineInfo): Finding {
  const { version, apiVersion, operatingSystem } = info;
  const old = oldApi(info);
  if (old !== null) return warn('Docker Engine', old.finding, old.mend);
  return ok('Docker Engine', `Engine ${version} (API ${apiVersion}) on ${operatingSystem}.`);
}

export function checkLiveRestore(info: EngineInfo): Finding {
  const missing = noLiveRestore(info);
  if (missing !== null) return warn('Live-restore', missing.finding, missing.mend);
  return ok('Live-restore', 'Containers go on while the Docker Engine restarts.');
}

export function checkLimits(info: EngineInfo): Finding {
  const missing = noLimits(info);
  if (missing !== null) return fail('Limits', missing.finding, missing.mend);
  return ok('Limits', 'The engine can limit memory, CPUs and processes of a container.');
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
