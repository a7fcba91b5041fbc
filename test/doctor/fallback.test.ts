import { checkFallback } from '../../doctor/check-fallback';
import { examineMachine } from '../../process/machine';
import { hostConfig } from '../host/helpers';

const machine = { cgroups: null, hasIp: true, problem: null };
const { host } = hostConfig('/nowhere', 'unix:///nowhere');
const allowed = { ...host, fallback: 'process' } as const;

describe('the check of the fallback', () => {
  it('says nothing where runs wait for their engine', () => {
    expect(checkFallback(host, { ...machine, problem: 'local processes need Linux' })).toEqual([]);
  });

  it('says that runs can be local processes, and after how long', () => {
    const cgroups = { version: 2, roots: { memory: '/c', pids: '/c', cpu: '/c' } } as const;
    expect(checkFallback({ ...allowed, fallbackAfter: '5m' }, { ...machine, cgroups })).toEqual([
      {
        verdict: 'ok',
        what: 'Fallback',
        finding: expect.stringContaining('for more than 5m, runs are local processes'),
      },
    ]);
  });

  it('warns where there are no control groups', () => {
    expect(checkFallback(allowed, machine)).toMatchObject([
      { verdict: 'warn', finding: expect.stringContaining('memory only for each process alone') },
    ]);
  });

  it('fails where the machine cannot have them', () => {
    expect(checkFallback(allowed, { ...machine, problem: 'local processes need Linux' })).toMatchObject([
      { verdict: 'fail', finding: 'host.fallback is "process", and local processes need Linux.' },
    ]);
  });

  it('looks at a machine without changing it', () => {
    expect(examineMachine()).toEqual(examineMachine());
  });
});
