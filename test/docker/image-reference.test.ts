import { digestIn, parseImageReference } from '../../docker/image-reference';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

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

test('the digest is that of the repository which was asked for', () => {
  const repoDigests = [`127.0.0.1:5000/digits@${OTHER}`, `quay.io/digits@${DIGEST}`];
  expect(digestIn(repoDigests, 'quay.io/digits:1')).toBe(DIGEST);
  expect(digestIn(repoDigests, 'quay.io/other:1')).toBeNull();
});

test.each([
  'alpine:3',
  'library/alpine:3',
  'docker.io/alpine:3',
  'docker.io/library/alpine',
  'index.docker.io/library/alpine',
])('%s is one and the same repository', (reference) => {
  expect(digestIn([`alpine@${DIGEST}`], reference)).toBe(DIGEST);
});
