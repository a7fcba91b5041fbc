import { buildSubmission } from '../../cli/submission';

describe('buildSubmission', () => {
  it('puts the options over the file', () => {
    const file = 'image: a:1\nparams: { epochs: 1, seed: 7 }\nlabels: { team: vision }\n';
    const options = {
      name: 'mine',
      param: ['epochs=3'],
      label: ['run=1'],
      set: ['policy.retries.attempts=3', 'image=b:2'],
    };
    expect(buildSubmission(file, options)).toEqual({
      image: 'b:2',
      name: 'mine',
      params: { epochs: 3, seed: 7 },
      labels: { team: 'vision', run: '1' },
      policy: { retries: { attempts: 3 } },
    });
  });

  it.each([
    ['3', 3],
    ['0.5', 0.5],
    ['true', true],
    ['adam', 'adam'],
    ['a=b', 'a=b'],
    ['', ''],
    ['[1, 2', '[1, 2'],
    ['"3"', '3'],
  ])('reads the value %j of a parameter as %j', (text, value) => {
    expect(buildSubmission(null, { recipe: 'digits', param: [`x=${text}`] })).toEqual({
      recipe: 'digits',
      params: { x: value },
    });
  });

  it('sets fields over a policy that is only a name, and keeps the name', () => {
    const set = ['policy.retries.attempts=3', 'policy.timeouts.running=2h'];
    expect(buildSubmission('image: a\npolicy: patient\n', { set })).toEqual({
      image: 'a',
      policy: { use: 'patient', retries: { attempts: 3 }, timeouts: { running: '2h' } },
    });
    expect(buildSubmission('image: a\npolicy: patient\n', { set: ['policy=strict'] })).toMatchObject({
      policy: 'strict',
    });
  });

  it('reads JSON as well as YAML', () => {
    expect(buildSubmission('{"image": "a:1"}', {})).toEqual({ image: 'a:1' });
  });

  it.each([['image: [a'], ['- a list'], ['only words'], ['']])('refuses the file %j', (text) => {
    expect(() => buildSubmission(text, {})).toThrow(/The file/);
  });

  it('refuses an option without a value and shows how it is written', () => {
    expect(() => buildSubmission(null, { param: ['epochs'] })).toThrow('such as -p epochs=3');
  });

  it('keeps a field named like a property of objects from reaching the prototype', () => {
    const submission = buildSubmission(null, { set: ['__proto__.polluted=yes'] });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getOwnPropertyNames(submission)).toEqual(['__proto__']);
  });
});

describe('where a run may have its place', () => {
  it('is said by options, beside what the file says', () => {
    const file = 'image: a:1\nresources: { memory: 4g, pids: 9 }\nplacement: { labels: { rack: r1 } }\n';
    const options = {
      pool: 'big',
      project: 'vision',
      priority: 0,
      preemptible: true,
      nodes: 2,
      cpus: '500m',
      memory: '8g',
      gpus: 2,
      gpuModel: 'H100',
      gpuMemory: '40g',
      host: 'box',
      hostLabel: ['zone=a=b'],
    };
    expect(buildSubmission(file, options)).toEqual({
      image: 'a:1',
      pool: 'big',
      project: 'vision',
      priority: 0,
      preemptible: true,
      nodes: 2,
      resources: { pids: 9, cpus: '500m', memory: '8g', gpus: 2, gpuModel: 'H100', gpuMemory: '40g' },
      placement: { host: 'box', labels: { rack: 'r1', zone: 'a=b' } },
    });
  });

  it('counts for the user where neither the file nor an option names an owner', () => {
    expect(buildSubmission('image: a:1', { user: 'ada' })).toEqual({ image: 'a:1', owner: 'ada' });
    expect(buildSubmission('image: a:1', { user: 'ada', owner: 'bob' })).toMatchObject({ owner: 'bob' });
    expect(buildSubmission('image: a:1\nowner: eve', { user: 'ada' })).toMatchObject({ owner: 'eve' });
    expect(buildSubmission('image: a:1', { user: 'DOMAIN\\ada' })).toEqual({ image: 'a:1' });
    expect(buildSubmission('image: a:1', {})).toEqual({ image: 'a:1' });
  });
});
