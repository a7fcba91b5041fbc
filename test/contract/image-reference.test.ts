import { isImageId, parseImageReference } from '../../contract/image-reference';
import { validateSpec } from '../../contract/validate-spec';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

test.each([
  ['digits', { repository: 'digits', tag: null, digest: null }],
  ['trainyard/digits:1', { repository: 'trainyard/digits', tag: '1', digest: null }],
  ['127.0.0.1:5000/digits', { repository: '127.0.0.1:5000/digits', tag: null, digest: null }],
  ['127.0.0.1:5000/a/b:x.y', { repository: '127.0.0.1:5000/a/b', tag: 'x.y', digest: null }],
  [`[::1]:5000/digits@${DIGEST}`, { repository: '[::1]:5000/digits', tag: null, digest: DIGEST }],
  [`digits:1@${DIGEST}`, { repository: 'digits', tag: '1', digest: DIGEST }],
])('%s is taken apart', (reference, parts) => {
  expect(parseImageReference(reference)).toEqual(parts);
});

test('an id is told from a name, and is taken as the image of a run', () => {
  expect(isImageId(DIGEST)).toBe(true);
  expect(isImageId(`digits@${DIGEST}`)).toBe(false);
  expect(isImageId('sha256:1')).toBe(false);
  expect(validateSpec({ image: DIGEST }).faults).toBeUndefined();
});
