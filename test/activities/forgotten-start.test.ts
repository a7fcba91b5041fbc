import { createFollowActivities } from '../../activities/follow-activities';
import { createHostActivities } from '../../activities/host-activities';
import type { ContainerOutcome, FollowContainerInput, HostActivities } from '../../contract/activities';
import type { Engine } from '../../docker/engine';
import { EngineError } from '../../docker/errors';
import type { Pumps } from '../../host/pumps';
import { startReconciler } from '../../host/reconciler';
import { describeEnding, judgeOutcome } from '../../policy/outcome';
import { killOverStart } from '../helpers/forgotten-start';
import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { until } from '../helpers/until';
import { labelsOf, printedBy, QUIET } from '../host/helpers';
import { activityHost, AMPLE, identity, inActivity, type ActivityHost } from './host-helpers';

jest.setTimeout(180_000);

const PRINTS = ['sh', '-c', 'echo one; echo two; echo three; exec sleep 3600'];
const LINES = ['one', 'two', 'three'];

let own: OwnEngine;
let host: ActivityHost;
let pumps: Pumps;
let activities: HostActivities;
/** Containers whose start the engine has forgotten, by their runs. */
const forgotten: Record<string, string> = {};

beforeAll(async () => {
  [own, host] = await Promise.all([startOwnEngine({ liveRestore: true }), activityHost()]);
  pumps = host.newPumps({ engine: own.engine });
  activities = activitiesOn(own.engine);
  for (const runId of ['cleaned', 'seen-running']) forgotten[runId] = await startRead(runId);
  for (const runId of ['unread', 'again', 'followed', 'stale', 'rescued']) forgotten[runId] = await startUnread(runId);
  await killOverStart(own, ...Object.values(forgotten));
});

afterAll(async () => {
  await host.dispose();
  await own.dispose();
});

function activitiesOn(engine: Engine): HostActivities {
  const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
  return createHostActivities({ ...host, ...AMPLE, engine, pumps, standingOf });
}

async function startRead(runId: string): Promise<string> {
  const { containerId } = await inActivity(activities.startContainer, host.startInput(runId, PRINTS));
  await until(async () => (await host.lines(runId)).length === LINES.length);
  return containerId;
}

/** With a worker that dies before it reads what the container prints. */
async function startUnread(runId: string): Promise<string> {
  const labels = labelsOf(host.config, runId);
  const plan = host.plan({ name: `trainyard-${runId}-1`, command: PRINTS, labels });
  const { id } = await own.engine.createContainer(plan);
  await own.engine.startContainer(id);
  await until(async () => (await printedBy(own, id)).length === LINES.length);
  return id;
}

async function expectSealed(runId: string): Promise<void> {
  expect((await host.lines(runId)).map(({ text }) => text)).toEqual(LINES);
  expect((await host.lines(runId, ['system'])).map(({ text }) => text)).toEqual([
    'sealed: 3 lines, 0 gaps, 0 bad bytes',
  ]);
}

const isThere = async (runId: string): Promise<boolean> =>
  (await own.engine.inspectContainer(forgotten[runId]!)) !== null;

describe('an attempt whose program has printed, and whose engine was killed and has forgotten its start', () => {
  it.each(['cleaned', 'unread'])('has all lines and a seal after the clean-up (%s)', async (runId) => {
    expect(await inActivity(activities.cleanUp, identity(runId))).toEqual({ removed: 1 });

    await expectSealed(runId);
    expect(await isThere(runId)).toBe(false);
  });

  it('is over as well where the engine cannot read its log any more', async () => {
    const readLogs: Engine['readLogs'] = () => {
      throw new EngineError('unexpected EOF', undefined);
    };
    const { startContainer } = activitiesOn({ ...own.engine, readLogs });
    const call = inActivity(startContainer, host.startInput('again', PRINTS, { again: true }));

    await expect(call).rejects.toMatchObject({ type: 'engine-restarted', nonRetryable: true });
  });

  it('is over, and not begun again, where its start is tried again', async () => {
    const call = inActivity(activities.startContainer, host.startInput('again', PRINTS, { again: true }));

    await expect(call).rejects.toMatchObject({ type: 'engine-restarted', nonRetryable: true });
    expect(await isThere('again')).toBe(true);
    await inActivity(activities.cleanUp, identity('again'));
    await expectSealed('again');
  });

  it('is over where a try to start it saw it run', async () => {
    const startContainer: Engine['startContainer'] = async () => undefined;
    const call = inActivity(
      activitiesOn({ ...own.engine, startContainer }).startContainer,
      host.startInput('seen-running', PRINTS),
    );

    await expect(call).rejects.toMatchObject({ type: 'engine-restarted', nonRetryable: true });
    await inActivity(activities.cleanUp, identity('seen-running'));
    await expectSealed('seen-running');
  });

  it('is followed to its end', async () => {
    const { followContainer } = createFollowActivities({ ...host, engine: own.engine, pumps });
    const input = { ...identity('followed'), containerId: forgotten['followed']! };
    const outcome = await inActivity<FollowContainerInput, ContainerOutcome>(followContainer, input);

    expect(outcome).toMatchObject({ exitCode: null, vanished: false, logLines: 3, logGaps: 0 });
    const ending = judgeOutcome(outcome, null);
    expect(ending.reason).toBe('engine-restarted');
    expect(describeEnding(ending)).toContain('forgotten');
    await expectSealed('followed');
  });

  it.each(['stale', 'rescued'])('has all lines and a seal where its lease was revoked (%s)', async (runId) => {
    const elsewhere = runId === 'rescued' ? await host.logs.openWriter(runId, 2) : null;
    const standingOf = async (id: string) => ({ state: 'live', epoch: id === runId ? 2 : 1 }) as const;
    const reconciler = startReconciler({ ...host, engine: own.engine, pumps, log: QUIET, standingOf });
    await until(async () => !(await isThere(runId)));
    await reconciler.stop();
    await elsewhere?.close();
    await pumps.late.merge();

    await expectSealed(runId);
  });
});
