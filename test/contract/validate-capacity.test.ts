import type { Fault } from '../../contract/fault';
import { policyBook } from '../../contract/policy-book';
import type { Recipe } from '../../contract/recipe';
import type { RunSpec } from '../../contract/spec';
import { validateSpec, validateSubmission } from '../../contract/validate-spec';

const IMAGE = { image: 'trainyard/digits:1' };

function accept(input: object): RunSpec {
  const check = validateSpec({ ...IMAGE, ...input });
  if (check.faults !== undefined) throw new Error(JSON.stringify(check.faults));
  return check.spec;
}

const refuse = (input: object): Fault[] => validateSpec({ ...IMAGE, ...input }).faults ?? [];

describe('where, when and beside whom a run may have its place', () => {
  it('can be asked for in all fields', () => {
    const asked = {
      resources: { gpus: 2, gpuModel: 'H100', gpuMemory: '40g' },
      pool: 'big',
      project: 'vision',
      owner: 'ada@example.org',
      priority: 0,
      preemptible: true,
      placement: { host: 'box-1', labels: { 'zone/rack': 'a' } },
    };
    expect(accept(asked)).toMatchObject(asked);
  });

  it.each<[string, object, string]>([
    ['resources.gpus', { resources: { gpus: -1 } }, 'must be at least 0; got -1; write a whole number from 0 to 64'],
    ['resources.gpuModel', { resources: { gpuModel: 'H100' } }, 'has no effect without GPUs; write how many'],
    ['resources.gpuMemory', { resources: { gpuMemory: '40g' } }, 'has no effect without GPUs; write how many'],
    ['resources.gpuMemory', { resources: { gpus: 1, gpuMemory: '40 GB' } }, 'write a size such as "40g"'],
    ['resources.gpuMemory', { resources: { gpus: 1, gpuMemory: '0g' } }, 'must be more than 0 and at most 64t'],
    ['resources.gpuMemory', { resources: { gpus: 1, gpuMemory: '65t' } }, 'must be more than 0 and at most 64t'],
    ['priority', { priority: 101 }, 'must be at most 100; got 101; write a whole number from 0 to 100'],
    ['priority', { priority: 1.5 }, 'must be a whole number'],
    ['pool', { pool: 'Big One' }, 'write lower-case letters, digits and dashes'],
    ['project', { project: '' }, 'write lower-case letters, digits and dashes'],
    ['owner', { owner: 'a b' }, 'write a name of letters, digits, dots'],
    ['preemptible', { preemptible: 'yes' }, 'must be true or false; got "yes"'],
    ['nodes', { nodes: 0 }, 'must be at least 1; got 0; write a whole number from 1 to 64'],
    ['placement.host', { placement: { host: 'No Host' } }, 'write the name of a host'],
    ['placement.labels["a b"]', { placement: { labels: { 'a b': 'c' } } }, 'name a label with letters'],
    ['placement.zone', { placement: { zone: 'a' } }, 'known are `host`, `labels`'],
  ])('refuses at %s what is not right', (path, fields, message) => {
    expect(refuse(fields)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it.each([
    ['gpus', 'resources.gpus'],
    ['vram', 'resources.gpuMemory'],
    ['gpu_type', 'resources.gpuModel'],
    ['queue', 'pool'],
    ['nodeSelector', 'placement.labels'],
    ['preemptable', 'preemptible'],
  ])('tells whoever writes %s of %s', (field, meant) => {
    expect(refuse({ [field]: 1 })).toEqual([
      { path: field, message: `unknown field \`${field}\`; did you mean \`${meant}\`?` },
    ]);
  });

  it('lets a host have a label by any name', () => {
    expect(accept({ placement: { labels: { devices: 'many' } } }).placement.labels).toEqual({ devices: 'many' });
  });

  it('can be set by a recipe, and be changed by who uses it', () => {
    const spec = { ...IMAGE, resources: { gpus: 1, gpuModel: 'H100' }, project: 'vision', priority: 20 };
    const recipe: Recipe = { name: 'big', description: 'Big.', params: {}, spec };
    const input = { recipe: 'big', priority: 90, resources: { gpus: 4 } };
    const check = validateSubmission(input, new Map([['big', recipe]]), policyBook([]));
    expect(check).toMatchObject({
      spec: { project: 'vision', priority: 90, resources: { gpus: 4, gpuModel: 'H100' } },
    });
  });
});
