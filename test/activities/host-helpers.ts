import { MockActivityEnvironment } from '@temporalio/testing';
import type { Info } from '@temporalio/activity';
import { DefaultLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

import { createHostActivities } from '../../activities/host-activities';
import type { HostActivityDeps } from '../../activities/host-deps';
import type { HostActivities, StartContainerInput } from '../../contract/activities';
import type { RunSpec } from '../../contract/spec';
import type { HostNotice, SilenceReport } from '../../contract/notice';
import { createContainerWatches, type ContainerWatches } from '../../host/container-watch';
import { createEngineClock } from '../../host/engine-clock';
import { createEngineViews } from '../../host/engine-views';
import type { NewestCheckpoint } from '../../host/find-evidence';
import type { Pumps } from '../../host/pumps';
import { createSilenceWatches, type SilenceWatches } from '../../host/silence-watch';
import { TEST_IMAGE } from '../helpers/engine';
import { specOf } from '../helpers/fake-host';
import { NO_DISKS, python, QUIET, testHost, type TestHost } from '../host/helpers';

/** The activities of a host with its pumps, and what their inputs are made of. */
export interface ActivityHost extends TestHost {
  pumps: Pumps;
  log: Logger;
  watches: ContainerWatches;
  silences: SilenceWatches;
  /** What the runs were told. */
  told: HostNotice[];
  newestCheckpoint: NewestCheckpoint;
  /** Silences that they were told of. */
  silent: SilenceReport[];
  activities: HostActivities;
  startInput(runId: string, command: string[], changes?: Partial<StartContainerInput & RunSpec>): StartContainerInput;
  /** Starts the first attempt of a run by the activity; returns the id of its container. */
  start(runId: string, command: string[]): Promise<string>;
}

export async function activityHost(): Promise<ActivityHost> {
  const host = await testHost();
  const pumps = host.newPumps();
  const told: HostNotice[] = [];
  const engineViews = createEngineViews({ ...host, host: host.config.host, log: QUIET });
  const sendNotice = async (_: string, notice: HostNotice): Promise<boolean> => told.push(notice) > 0;
  const watches = createContainerWatches({ ...host, engineViews, isPausedByUs: () => false, sendNotice, log: QUIET });
  const silent: SilenceReport[] = [];
  const silences = createSilenceWatches({
    ...host,
    engineViews,
    clock: createEngineClock(host.engine),
    isHeldBack: () => false,
    lastCheckpointAt: async () => null,
    sendSilence: async (_, report) => silent.push(report) > 0,
    log: QUIET,
  });
  const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
  const activities = createHostActivities({ ...host, pumps, standingOf, log: QUIET, ...AMPLE });
  const startInput: ActivityHost['startInput'] = (runId, command, changes = {}) => ({
    ...identity(runId),
    specHash: 'hash',
    imageId: TEST_IMAGE,
    spec: { ...specOf({ image: TEST_IMAGE, command }), ...changes },
    ...changes,
  });
  return {
    ...host,
    pumps,
    log: QUIET,
    watches,
    silences,
    told,
    newestCheckpoint: async () => null,
    silent,
    activities,
    startInput,
    start: async (runId, command) => {
      const { containerId } = await inActivity(activities.startContainer, startInput(runId, command));
      return containerId;
    },
    dispose: async () => {
      await engineViews.stop();
      await pumps.stop();
      for (const { id } of await host.engine.listContainers({
        'trainyard.installation': host.config.host.installation,
      })) {
        await host.engine.removeContainer(id);
      }
      await host.dispose();
    },
  };
}

/** Of a host that has room for everything. */
export const AMPLE: Pick<HostActivityDeps, 'disks' | 'gpus' | 'images'> = {
  disks: NO_DISKS,
  gpus: { look: async () => undefined },
  images: { pulled: async () => undefined, used: async () => undefined },
};

export const identity = (runId: string, attempt = 1, epoch = attempt) => ({ runId, attempt, epoch });

/** One without the log of the SDK, which writes every failure that a test expects. */
export function activityEnvironment(info: Partial<Info> = {}): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
}

/** Runs an activity as a worker does. */
export function inActivity<I, O>(activity: (input: I) => Promise<O>, input: I, info: Partial<Info> = {}): Promise<O> {
  return activityEnvironment(info).run(activity, input);
}

/** Prints `ready`, and then ignores SIGTERM. */
export const DEAF = python(
  'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("ready")\nwhile True: signal.pause()',
);
