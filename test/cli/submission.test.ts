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
