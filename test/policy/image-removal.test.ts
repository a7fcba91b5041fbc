import { removableImages, type RemovalFacts, type StoredImage } from '../../policy/image-removal';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');
const DIGEST = `sha256:${'1'.repeat(64)}`;
const hoursAgo = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString();

function image(id: string, more: Partial<StoredImage> = {}): StoredImage {
  return { id, tags: [`hub.example/${id}:1`], digests: [`hub.example/${id}@${DIGEST}${id}`], ...more };
}

function removable(
  images: StoredImage[],
  { ages = {}, ...more }: Partial<RemovalFacts> & { ages?: Record<string, number> },
) {
  const pulled = new Map(
    images.map(({ id }) => [id, { references: [`hub.example/${id}:1`], usedAt: hoursAgo(ages[id] ?? 1) }]),
  );
  const facts = { pulled, inUse: new Set<string>(), needed: [], ...more };
  return removableImages(images, facts, NOW).map(({ id }) => id);
}

it('takes the one first that was used longest ago', () => {
  expect(removable([image('a'), image('b'), image('c')], { ages: { a: 2, b: 9, c: 5 } })).toEqual(['b', 'c', 'a']);
});

it('leaves what a container has, and what was used just now', () => {
  const images = [image('a'), image('b'), image('c')];
  expect(removable(images, { inUse: new Set(['a']), ages: { c: 0.1 } })).toEqual(['b']);
});

it.each([
  ['by its name', 'hub.example/a:1'],
  ['by its digest', `${DIGEST}a`],
  ['by name and digest', `hub.example/a:other@${DIGEST}a`],
  ['by its id', 'a'],
])('leaves what a run or a schedule needs %s', (_, needed) => {
  expect(removable([image('a'), image('b')], { needed: [needed] })).toEqual(['b']);
});

it('knows the short and the long names of one image as the same', () => {
  const python = image('a', { tags: ['python:latest'], digests: [`python@${DIGEST}`] });
  const pulled = new Map([['a', { references: ['docker.io/library/python'], usedAt: hoursAgo(2) }]]);
  expect(removable([python], { pulled })).toEqual(['a']);
  expect(removable([python], { pulled, needed: ['docker.io/library/python:latest'] })).toEqual([]);
  expect(removable([python], { pulled, needed: ['python:3.12'] })).toEqual(['a']);
});

it('leaves what it did not pull, what no registry can give back, and what somebody gave a name of their own', () => {
  expect(removable([image('a')], { pulled: new Map() })).toEqual([]);
  expect(removable([image('a', { digests: [] })], {})).toEqual([]);
  expect(removable([image('a', { tags: ['hub.example/a:1', 'mine:keep'] })], {})).toEqual([]);
});
