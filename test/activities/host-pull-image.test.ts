import { pullImage } from '../../activities/host-pull-image';
import type { PullImageInput } from '../../contract/activities';
import type { PullPolicy } from '../../contract/spec';
import { DiskFullError } from '../../docker/errors';
import { createImagePulls } from '../../host/image-pulls';
import { TEST_IMAGE, testEngine } from '../helpers/engine';
import { startRegistry, type TestRegistry } from '../helpers/registry';
import { NO_DISKS } from '../host/helpers';
import { AMPLE, identity, inActivity } from './host-helpers';

const { engine, dispose } = testEngine();
afterAll(() => dispose());

const NOBODYS = `sha256:${'0'.repeat(64)}`;

type PullDeps = Parameters<typeof pullImage>[0];

/** As a host does it. */
const pull = (image: string, pullPolicy: PullPolicy, more: Partial<PullDeps> = {}) =>
  inActivity((input: PullImageInput) => pullImage({ ...AMPLE, engine, ...more }, createImagePulls(engine), input), {
    ...identity('by-id'),
    image,
    pullPolicy,
    silenceMs: 60_000,
  });

describe('an image that is named by its id', () => {
  it.each(['always', 'if-not-present', 'never'] as const)('is found on the host with pullPolicy %s', async (policy) => {
    const { id } = (await engine.findImage(TEST_IMAGE))!;

    expect(await pull(id, policy)).toMatchObject({ imageId: id, digest: null, pulled: false });
  });

  it.each(['always', 'if-not-present', 'never'] as const)(
    'is said to be gone where it is, and is not pulled, with pullPolicy %s',
    async (policy) => {
      const call = pull(NOBODYS, policy);

      await expect(call).rejects.toMatchObject({ type: 'image-not-found', nonRetryable: true });
      await expect(call).rejects.toThrow(
        `no image on this host has the id ${NOBODYS}, and none can be pulled by its id; load it there from a copy`,
      );
    },
  );
});

it('says that an image is not there, and how it would be, with pullPolicy never', async () => {
  await expect(pull('trainyard/nobody:1', 'never')).rejects.toThrow(/^trainyard\/nobody:1 is not on this host/);
});

describe('on a host that keeps its disk from filling', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(async () => registry.stop());

  const refuse = async (): Promise<never> => {
    throw new DiskFullError('/var/lib/docker is on a disk that is 93 % full');
  };

  it('nothing is pulled once that is full, and what is there can still be used', async () => {
    const { reference } = await registry.pushRandom('full:1', 1000);
    const disks = { ...NO_DISKS, check: refuse };

    await expect(pull(reference, 'if-not-present', { disks })).rejects.toThrow('93 % full');
    expect(await engine.findImage(reference)).toBeNull();
    expect(await pull(TEST_IMAGE, 'if-not-present', { disks })).toMatchObject({ pulled: false });
  });

  it('it is noted what was pulled, and what is used', async () => {
    const { reference } = await registry.pushRandom('noted:1', 1000);
    const noted: string[][] = [];
    const images = {
      pulled: async (...image: string[]) => void noted.push(['pulled', ...image]),
      used: async (...image: string[]) => void noted.push(['used', ...image]),
    };
    const { imageId } = await pull(reference, 'if-not-present', { images });
    await pull(reference, 'if-not-present', { images });

    expect(noted).toEqual([
      ['pulled', imageId, reference],
      ['used', imageId],
    ]);
  });
});
