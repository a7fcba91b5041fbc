import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFollowActivities } from '../../activities/follow-activities';
import { createHostActivities } from '../../activities/host-activities';
import type { StartContainerInput } from '../../contract/activities';
import { LABELS } from '../../contract/names';
import type { SilenceReport } from '../../contract/notice';
import { createEngine } from '../../docker/dockerode-engine';
import { EngineUnavailableError } from '../../docker/errors';
import { createContainerWatches } from '../../host/container-watch';
import { createEngineClock } from '../../host/engine-clock';
import type { EngineHealth } from '../../host/engine-health';
import type { EngineView } from '../../host/engine-views';
import { createPumps } from '../../host/pumps';
import { startReconciler } from '../../host/reconciler';
import { createSilenceWatches } from '../../host/silence-watch';
import { findCgroups } from '../../process/cgroups';
import { withProcesses } from '../../process/with-processes';
import { openLateLogStore } from '../../store/file-late-log-store';
import { openLogStore } from '../../store/file-log-store';
import { specOf } from '../helpers/fake-host';
import { testProcesses } from '../helpers/processes';
import { until } from '../helpers/until';
import { allLines, hostConfig, QUIET } from '../host/helpers';
import { AMPLE, identity, inActivity } from './host-helpers';

/** A host whose Docker Engine is never there. */
const NOWHERE = 'unix:///nowhere/docker.sock';
const data = mkdtempSync(join(tmpdir(), 'trainyard-local-'));
const processes = testProcesses();
const engine = withProcesses(createEngine(NOWHERE), processes.engine);
const { host, ...settings } = hostConfig(data, NOWHERE);
const config = { ...settings, host: { ...host, fallback: 'process' } as const };
const logs = openLogStore(data, { segmentBytes: 1_000_000 });
const lateLogs = openLateLogStore(data, { segmentBytes: 1_000_000 });
const pumps = createPumps({ engine, logs, lateLogs, config, log: QUIET });

/** What a host knows of an engine that has been away for longer than any activity has patience. */
const health: EngineHealth = {
  info: () => null,
  problem: () => 'it is away',
  awaySince: () => new Date(0),
  awayFor: async () => undefined,
  ask: async () => undefined,
  asked: Promise.resolve(),
  stop: async () => undefined,
};
const standing = { state: 'live', epoch: 1 } as const;
const deps = { engine, pumps, config, logs, health, standingOf: async () => standing, log: QUIET, ...AMPLE };
const { startContainer, stopContainer, cleanUp, reachHost } = createHostActivities(deps);
const watches = createContainerWatches({
  engineViews: { subscribe: () => () => undefined },
  isPausedByUs: () => false,
  sendNotice: async () => true,
  config,
  log: QUIET,
});
const views = new Set<(view: EngineView) => void>();
const silent: SilenceReport[] = [];
const silences = createSilenceWatches({
  engine,
  engineViews: {
    subscribe: (onView) => {
      views.add(onView);
      return () => void views.delete(onView);
    },
  },
  clock: createEngineClock(engine),
  isHeldBack: () => false,
  lastCheckpointAt: async () => null,
  sendSilence: async (_, report) => silent.push(report) > 0,
  log: QUIET,
});
const { followContainer } = createFollowActivities({
  ...deps,
  watches,
  silences,
  newestCheckpoint: async () => null,
});

afterAll(async () => {
  await pumps.stop();
  await processes.dispose();
  engine.close();
  rmSync(data, { recursive: true });
});

function startInput(runId: string, command: string[]): StartContainerInput {
  const spec = specOf({ image: 'trainyard/test:1', command });
  const engineAwaySince = '2026-11-24T03:42:31.000Z';
  return { ...identity(runId), asProcess: true, engineAwaySince, spec, specHash: 'hash', imageId: '' };
}

const asProcess = (runId: string) => ({ ...identity(runId), asProcess: true });

describe('an attempt that is a local process, while the Docker Engine is away', () => {
  it('is started once, followed to its end and cleaned up, and none of it waits for the engine', async () => {
    const input = startInput('whole', ['sh', '-c', 'echo out; echo err >&2; exit 3']);
    const started = await inActivity(startContainer, input);
    expect(started.machine).toMatchObject({ imageId: '', engineVersion: null, kernel: release() });
    expect(await inActivity(startContainer, input)).toEqual(started);
    const outcome = await inActivity(followContainer, { ...asProcess('whole'), containerId: started.containerId });
    expect(outcome).toMatchObject({ exitCode: 3, vanished: false, logLines: 2, logGaps: 0 });
    // It was shorter than any look at it; its shim has counted.
    const counts = { peakMemoryBytes: expect.any(Number), cpuSeconds: expect.any(Number), oomKills: 0 };
    if (findCgroups() !== null) expect(outcome.findings).toMatchObject(counts);
    await inActivity(reachHost, asProcess('whole'));
    expect(await inActivity(cleanUp, asProcess('whole'))).toEqual({ removed: 1 });
    expect(await inActivity(cleanUp, asProcess('whole'))).toEqual({ removed: 0 });
    expect((await allLines(logs, 'whole')).map(({ text }) => text).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'err',
      'out',
    ]);
  });

  it('finds its folder for checkpoints where a container would', async () => {
    const script = 'echo $TRAINYARD_CHECKPOINT_DIR $TRAINYARD_CHECKPOINT; touch /checkpoints/epoch-$TRAINYARD_ATTEMPT';
    for (const attempt of [1, 2]) {
      const input = { ...startInput('saves', ['sh', '-c', script]), ...identity('saves', attempt) };
      input.spec.checkpoint = { path: '/checkpoints', keep: 3 };
      const { containerId } = await inActivity(startContainer, input);
      await pumps.adopt({ ...input, containerId }).sealed;
    }
    const lines = (await allLines(logs, 'saves')).map(({ text }) => text);
    expect(lines).toEqual(['/checkpoints', '/checkpoints /checkpoints/epoch-1']);
  });

  it('is stopped: one that is deaf to SIGTERM is killed after its grace', async () => {
    const input = startInput('deaf', ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done']);
    const { containerId } = await inActivity(startContainer, input);
    await until(async () => (await allLines(logs, 'deaf')).length > 0);
    expect(await inActivity(stopContainer, { ...asProcess('deaf'), graceMs: 100 })).toEqual({ how: 'killed' });
    expect(await engine.inspectContainer(containerId)).toMatchObject({ status: 'exited', exitCode: 137 });
  });

  it('is lost with its shim, and its log says that lines may be missing', async () => {
    const { containerId } = await inActivity(startContainer, startInput('lost', ['sh', '-c', 'echo up; sleep 300']));
    await until(async () => (await allLines(logs, 'lost')).length > 0);
    const { shim } = require(join(processes.folder, containerId, 'claim.json')) as { shim: { pid: number } };
    process.kill(shim.pid, 'SIGKILL');
    const outcome = await inActivity(followContainer, { ...asProcess('lost'), containerId });
    expect(outcome).toMatchObject({ exitCode: null, vanished: false, logLines: 1, logGaps: 1 });
    expect(outcome.error).toContain('was killed, or the machine was restarted');
  });

  it('is heard while it writes, and its run is told when it has been silent for too long', async () => {
    const script = 'until [ -e /artifacts/quiet ]; do echo more; sleep 0.2; done; echo last; sleep 300';
    const input = startInput('silent', ['sh', '-c', script]);
    const { containerId } = await inActivity(startContainer, input);
    const following = inActivity(followContainer, { ...asProcess('silent'), containerId, silenceMs: 3000 });
    // It is not heard before that.
    await until(() => views.size > 0);
    writeFileSync(join(data, 'artifacts/silent/quiet'), '');
    const away: EngineView = { awaySince: new Date(0), liveRestore: null, states: null };
    const report = await until(() => {
      for (const onView of views) onView(away);
      return silent.at(0);
    });
    const lines = await allLines(logs, 'silent');
    const last = lines.at(-1)!;
    expect(report).toEqual({ attempt: 1, silenceMs: 3000, since: expect.any(String) });
    expect([last.text, last.time.slice(0, 23)]).toEqual(['last', report.since.slice(0, 23)]);
    await inActivity(stopContainer, { ...asProcess('silent'), graceMs: 5000 });
    expect(await following).toMatchObject({ exitCode: 143, logLines: lines.length });
  });

  it('is refused where the host does not allow it any more', async () => {
    const { startContainer: start } = createHostActivities({ ...deps, config: { ...settings, host } });
    const refused = expect.objectContaining({
      type: 'start-failed',
      message: expect.stringContaining('host.fallback'),
    });
    await expect(inActivity(start, startInput('late', ['true']))).rejects.toEqual(refused);
    expect(await processes.engine.listContainers({ [LABELS.run]: 'late' })).toEqual([]);
  });

  it('does not keep the clean-up of a container from waiting for the engine', async () => {
    await expect(inActivity(cleanUp, identity('container'))).rejects.toMatchObject({ type: 'engine-unavailable' });
    await expect(engine.listContainers({})).rejects.toThrow(EngineUnavailableError);
  });

  it('is removed at once when its lease was revoked', async () => {
    const { containerId } = await inActivity(startContainer, startInput('moved', ['sleep', '300']));
    const standingOf = async () => ({ state: 'live', epoch: 2 }) as const;
    const reconciler = startReconciler({ ...deps, log: QUIET, standingOf });
    try {
      await reconciler.first;
      expect(await engine.inspectContainer(containerId)).toBeNull();
    } finally {
      await reconciler.stop();
    }
    const labels = { [LABELS.installation]: config.host.installation };
    expect(await processes.engine.listContainers({ ...labels, [LABELS.run]: 'moved' })).toEqual([]);
  });
});
