import { pinImage } from '../../api/services/pin-image';
import type { Attempt } from '../../contract/run';
import { specOf } from '../helpers/fake-host';
import { sampleAttempt } from '../store/sample-run';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ID = `sha256:${'b'.repeat(64)}`;

const machine = (imageId: string): Attempt['machine'] => ({
  imageId,
  engineVersion: null,
  kernel: null,
  architecture: null,
  gpuDriver: null,
});
const byDigest = sampleAttempt({ imageDigest: DIGEST, machine: machine(ID) });
const byId = sampleAttempt({ imageDigest: null, machine: machine(ID) });
const unknown = sampleAttempt({ imageDigest: null });
const withoutContainer = sampleAttempt({ imageDigest: null, containerId: null });
const asProcess = sampleAttempt({ form: 'process', imageDigest: null, machine: machine('') });

const spec = specOf({ image: 'registry.example:5000/team/model:v2' });
const pinned = { ...spec, image: `registry.example:5000/team/model@${DIGEST}` };

test.each<[string, Attempt[], object | null]>([
  ['its digest in the registry', [byDigest], pinned],
  ['its id where no registry knows it', [byId], { ...spec, image: ID, pullPolicy: 'never' }],
  ['that of the last attempt with a container', [byDigest, byId, withoutContainer, asProcess], { image: ID }],
  ['that of an attempt that got it ready, where none had a container', [{ ...byDigest, containerId: null }], pinned],
  ['nothing where no attempt had one', [withoutContainer, asProcess], null],
  ['nothing where it is not known which one', [unknown], null],
  ['nothing where there was no attempt', [], null],
])('an image is pinned by %s', (_, attempts, expected) => {
  const result = pinImage(spec, attempts);

  if (expected === null) expect(result).toBeNull();
  else expect(result).toMatchObject(expected);
});

test.each([ID, `model@${DIGEST}`, `model:v2@${DIGEST}`])('what is pinned already stays so: %s', (image) => {
  const own = specOf({ image });

  expect(pinImage(own, [byDigest])).toBe(own);
  expect(pinImage(own, [])).toBe(own);
});
