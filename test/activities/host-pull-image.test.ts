import { pullImage } from '../../activities/host-pull-image';
import { createImagePulls } from '../../host/image-pulls';
import { TEST_IMAGE, testEngine } from '../helpers/engine';
import { identity, inActivity } from './host-helpers';

const { engine, dispose } = testEngine();
afterAll(() => dispose());

const NOBODYS = `sha256:${'0'.repeat(64)}`;

/** As a host does it. */
const pull = (image: string, pullPolicy: 'always' | 'if-not-present' | 'never') =>
  inActivity((input: Parameters<typeof pullImage>[2]) => pullImage(engine, createImagePulls(engine), input), {
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
