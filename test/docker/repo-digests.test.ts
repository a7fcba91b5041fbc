import { digestIn } from '../../docker/repo-digests';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

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
