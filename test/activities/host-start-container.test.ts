import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { createHostActivities } from '../../activities/host-activities';
import type { Engine } from '../../docker/engine';
import { deferred } from '../helpers/deferred';
import { until } from '../helpers/until';
import { labelsOf, python } from '../host/helpers';
import {
  activityEnvironment,
  activityHost,
  AMPLE,
  DEAF,
  identity,
  inActivity,
  type ActivityHost,
} from './host-helpers';

let host: ActivityHost;

beforeAll(async () => {
  host = await activityHost();
});

afterAll(() => host.dispose());

const texts = async (runId: string): Promise<string[]> => (await host.lines(runId)).map(({ text }) => text);
const containersOf = (runId: string) => host.engine.listContainers({ 'trainyard.run': runId });

describe('startContainer', () => {
  it('starts a container that finds its parameters, its identity and a folder for what it makes', async () => {
    const input = host.startInput(
      'finds',
      python(`
import json, os
print(open("/trainyard/params.json").read() == json.dumps(json.load(open("/trainyard/params.json")), indent=2) + "\\n")
print(json.load(open("/trainyard/params.json"))["epochs"], os.environ["TRAINYARD_PARAM_EPOCHS"])
print(os.environ["TRAINYARD_RUN_ID"], os.environ["TRAINYARD_ATTEMPT"], os.getuid())
open("/artifacts/model", "w").write("trained")
try: open("/trainyard/params.json", "w")
except OSError as error: print(error.strerror)
`),
      { params: { epochs: 3 } },
    );
    const started = await inActivity(host.activities.startContainer, input);

    expect(started.containerName).toBe('trainyard-finds-1');
    expect(Date.now() - Date.parse(started.startedAt)).toBeLessThan(60_000);
    await host.pumps.adopt({ ...input, containerId: started.containerId }).sealed;
    expect(await texts('finds')).toEqual(['True', '3 3', 'finds 1 1000', 'Read-only file system']);
    expect(await readFile(join(host.data, 'artifacts/finds/model'), 'utf8')).toBe('trained');
  });

  it('never runs a container twice, when it runs and when it has ended', async () => {
    const input = host.startInput('once', python('import time; print("ran"); time.sleep(1)'));
    const first = await inActivity(host.activities.startContainer, input);
    const again = await inActivity(host.activities.startContainer, input);
    await host.pumps.adopt({ ...input, containerId: first.containerId }).sealed;
    const afterwards = await inActivity(host.activities.startContainer, input);

    expect(again).toEqual(first);
    expect(afterwards).toEqual(first);
    expect(await containersOf('once')).toHaveLength(1);
    expect((await host.engine.inspectContainer(first.containerId))?.startedAt).toBe(first.startedAt);
    expect(await texts('once')).toEqual(['ran']);
  });

  it.each([
    ['try', 'tried', {}, { attempt: 2 }],
    ['call', 'called', { again: true }, {}],
  ])(
    'makes anew on a second %s what the first has made and not seen start, which the engine may have forgotten',
    async (_, name, changes, info) => {
      const input = host.startInput(name, ['sleep', '60'], changes);
      const labels = labelsOf(host.config, name);
      const { id } = await host.engine.createContainer(host.plan({ name: `trainyard-${name}-1`, labels }));

      const { containerId } = await inActivity(host.activities.startContainer, input, info);

      expect(containerId).not.toBe(id);
      expect((await containersOf(name)).map((container) => container.id)).toEqual([containerId]);
    },
  );

  it('tells what the container runs on', async () => {
    await host.health.asked;
    const { containerId, machine } = await inActivity(
      host.activities.startContainer,
      host.startInput('machine', ['sleep', '60']),
    );

    const { version: engineVersion, kernel, architecture } = host.health.info()!;
    const imageId = (await host.engine.inspectContainer(containerId))!.imageId;
    expect(machine).toEqual({ imageId, engineVersion, kernel, architecture, gpuDriver: machine!.gpuDriver });
    expect([imageId, engineVersion, kernel, architecture]).not.toContain('');
    expect(imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('gives a run a folder for its checkpoints, and clears it of what a dead attempt did not finish', async () => {
    const checkpoint = { path: '/state', keep: 2 };
    const command = python(`
import os
print(*[os.environ.get(name) for name in ("TRAINYARD_CHECKPOINT_DIR", "TRAINYARD_RESUME", "TRAINYARD_CHECKPOINT")])
print(sorted(os.listdir("/state")))
attempt = os.environ["TRAINYARD_ATTEMPT"]
open(f"/state/epoch-{attempt}.pt.tmp", "w").close()
os.rename(f"/state/epoch-{attempt}.pt.tmp", f"/state/epoch-{attempt}.pt")
open("/state/half.tmp", "w").close()
`);
    for (const attempt of [1, 2]) {
      const input = { ...host.startInput('saves', command, { checkpoint }), ...identity('saves', attempt) };
      const { containerId } = await inActivity(host.activities.startContainer, input);
      await host.pumps.adopt({ ...input, containerId }).sealed;
    }

    expect(await texts('saves')).toEqual([
      ...['/state None None', '[]'],
      ...['/state 1 /state/epoch-1.pt', "['epoch-1.pt']"],
    ]);
  });

  it('called again leaves alone what its container is writing', async () => {
    const checkpoint = { path: '/checkpoints', keep: 2 };
    const command = ['sh', '-c', 'touch /checkpoints/half.tmp; echo written; sleep 60'];
    const input = host.startInput('writes', command, { checkpoint });
    await inActivity(host.activities.startContainer, input);
    await until(async () => (await texts('writes')).length === 1);

    await inActivity(host.activities.startContainer, input, { attempt: 2 });

    expect(await readdir(join(host.data, 'checkpoints/writes'))).toEqual(['half.tmp']);
  });

  it('makes one container when it is called twice at the same time', async () => {
    const input = host.startInput('race', ['sleep', '60']);
    const [one, two] = await Promise.all([
      inActivity(host.activities.startContainer, input),
      inActivity(host.activities.startContainer, input),
    ]);
    expect(one).toEqual(two);
    expect(await containersOf('race')).toHaveLength(1);
  });

  it('leaves to a try that is under way in this worker what that one made, as after the worker was frozen', async () => {
    const gate = deferred();
    const engine: Engine = {
      ...host.engine,
      startContainer: async (id) => {
        await gate.promise;
        await host.engine.startContainer(id);
      },
    };
    const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
    const { startContainer } = createHostActivities({ ...host, ...AMPLE, engine, standingOf });
    const input = host.startInput('thawed', python('print("once")'));
    const first = inActivity(startContainer, input);
    await until(async () => (await containersOf('thawed')).length === 1);
    const environment = activityEnvironment({ attempt: 2 });
    const isUnderWay = new Promise((resolve) => environment.once('heartbeat', resolve));
    const second = environment.run(startContainer, input);
    await isUnderWay;
    gate.resolve();

    expect(await second).toEqual(await first);
    await host.pumps.adopt({ ...input, containerId: (await first).containerId }).sealed;
    expect(await texts('thawed')).toEqual(['once']);
  });

  it('removes what an older attempt left, its log stored, before it makes its own', async () => {
    const older = await host.start('older', DEAF);
    await until(async () => (await texts('older')).length === 1);
    const input = { ...host.startInput('older', python('print("newer")')), ...identity('older', 2) };
    const { containerId } = await inActivity(host.activities.startContainer, input);

    expect(await host.engine.inspectContainer(older)).toBeNull();
    await host.pumps.adopt({ ...input, containerId }).sealed;
    expect(await texts('older')).toEqual(['ready', 'newer']);
  });

  it.each([
    ['attempt', identity('late-attempt', 2, 2), identity('late-attempt', 1, 1)],
    ['epoch', identity('late-epoch', 1, 5), identity('late-epoch', 1, 4)],
  ])('is refused where a newer %s is on the host, which goes on', async (_, newer, late) => {
    const { runId } = newer;
    const { containerId } = await inActivity(host.activities.startContainer, {
      ...host.startInput(runId, ['sleep', '60']),
      ...newer,
    });
    const call = inActivity(host.activities.startContainer, { ...host.startInput(runId, ['true']), ...late });

    await expect(call).rejects.toMatchObject({ type: 'internal-error', nonRetryable: true });
    expect((await host.engine.inspectContainer(containerId))?.status).toBe('running');
  });

  it('refuses a mount whose link leads out of the allowed roots, and starts nothing', async () => {
    const root = join(host.data, 'mounts');
    await mkdir(root);
    await symlink('/etc', join(root, 'link'));
    host.config.host.mountRoots.push(root);
    const mounts = [{ source: join(root, 'link'), target: '/data', readOnly: true }];
    const call = inActivity(host.activities.startContainer, host.startInput('escape', ['true'], { mounts }));

    await expect(call).rejects.toMatchObject({ type: 'mount-refused', nonRetryable: true });
    await expect(call).rejects.toThrow('/etc');
    expect(await containersOf('escape')).toEqual([]);
  });

  it('fails for an image that is gone, and for a network that is not allowed', async () => {
    const gone = { imageId: `sha256:${'0'.repeat(64)}` };
    const noImage = inActivity(host.activities.startContainer, host.startInput('gone', ['true'], gone));
    await expect(noImage).rejects.toMatchObject({ type: 'image-removed', nonRetryable: true });

    const network = inActivity(host.activities.startContainer, host.startInput('net', ['true'], { network: 'lab' }));
    await expect(network).rejects.toMatchObject({ type: 'invalid-spec', nonRetryable: true });
  });

  it('has cleanUp remove all but the newest checkpoints, and tell which is the newest', async () => {
    const checkpoint = { path: '/checkpoints', keep: 2 };
    const command = ['sh', '-c', 'for i in 1 2 3; do touch /checkpoints/epoch-$i; done'];
    const input = host.startInput('keeps', command, { checkpoint });
    const { containerId } = await inActivity(host.activities.startContainer, input);
    await host.engine.waitContainer(containerId, AbortSignal.timeout(30_000));

    const cleaned = await inActivity(host.activities.cleanUp, { ...identity('keeps'), keepCheckpoints: 2 });

    expect(cleaned).toEqual({ removed: 1, checkpoint: 'epoch-3' });
    expect((await readdir(join(host.data, 'checkpoints/keeps'))).toSorted()).toEqual(['epoch-2', 'epoch-3']);
  });

  it('leaves nothing behind that cleanUp does not remove', async () => {
    const id = await host.start('tidy', python('print("last words")'));
    await host.engine.waitContainer(id, AbortSignal.timeout(30_000));
    const cleaned = await inActivity(host.activities.cleanUp, identity('tidy'));
    const again = await inActivity(host.activities.cleanUp, identity('tidy'));

    expect([cleaned, again]).toEqual([{ removed: 1 }, { removed: 0 }]);
    expect(await host.engine.inspectContainer(id)).toBeNull();
    await expect(stat(join(host.data, 'params/tidy.json'))).rejects.toThrow('ENOENT');
    expect((await stat(join(host.data, 'artifacts/tidy'))).isDirectory()).toBe(true);
    expect(await texts('tidy')).toEqual(['last words']);
    expect((await host.lines('tidy', ['system'])).at(-1)?.text).toContain('1 lines, 0 gaps');
  });
});
