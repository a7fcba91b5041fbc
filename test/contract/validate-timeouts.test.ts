import { validateSpec } from '../../contract/validate-spec';
import { applyRunChange, checkRunChange } from '../../contract/run-change';
import type { RunSpec } from '../../contract/spec';

const faultsOf = (timeouts: object) => validateSpec({ image: 'a', policy: { timeouts } }).faults ?? [];
const accept = (timeouts: object): RunSpec =>
  (validateSpec({ image: 'a', policy: { timeouts } }) as { spec: RunSpec }).spec;

describe('silence and warning', () => {
  it('are off unless they are written, and stay as they are written', () => {
    expect(Object.keys(accept({}).policy.timeouts)).not.toEqual(expect.arrayContaining(['silence']));
    const written = { silence: '30m', warn: '2m', warnSignal: 'SIGUSR2' };
    expect(accept(written).policy.timeouts).toMatchObject(written);
    expect(accept({ warn: '2m' }).policy.timeouts).not.toHaveProperty('warnSignal');
  });

  it.each<[string, object, string]>([
    ['silence', { silence: '12h' }, 'must be less than `policy.timeouts.running` (12h), within which it counts'],
    ['silence', { silence: '1h', running: '1h' }, 'must be less than `policy.timeouts.running` (1h)'],
    ['silence', { silence: '1h', total: '30m' }, 'must be less than `policy.timeouts.running` (30m)'],
    ['silence', { silence: '999ms' }, 'must be at least 1s; got "999ms"'],
    ['silence', { silence: '0s' }, 'must be more than 0'],
    ['silence', { silence: null }, 'write a duration'],
    ['warn', { warn: '2h', running: '1h' }, 'must be less than `policy.timeouts.running` (1h)'],
    ['warn', { warn: 2 }, 'write a duration'],
    ['warnSignal', { warnSignal: 'SIGUSR1' }, 'add that, such as "2m", or leave this out'],
    ['warnSignal', { warn: '2m', warnSignal: 'SIGKILL' }, 'must be one of "SIGUSR1", "SIGUSR2", "SIGINT"'],
    ['warnSignal', { warn: '2m', warnSignal: 10 }, 'write one of SIGUSR1, SIGUSR2'],
  ])('%s is refused in %j', (field, timeouts, message) => {
    expect(faultsOf(timeouts)).toEqual([
      { path: `policy.timeouts.${field}`, message: expect.stringContaining(message) },
    ]);
  });
});

describe('a change of a run', () => {
  it.each<[unknown, string, string]>([
    [{}, '', 'names nothing to change'],
    [{ by: 'ada' }, '', 'names nothing to change'],
    [[], '', 'must be an object'],
    [null, '', 'must be an object'],
    [{ priority: 101 }, 'priority', 'must be at most 100; got 101; write a whole number from 0 to 100'],
    [{ pool: 'big' }, 'pool', 'cannot be changed: it stays as it was submitted'],
    [{ image: 'b' }, 'image', 'cannot be changed: it stays as it was submitted'],
    [{ policy: { retries: { attempts: 3 } } }, 'policy.retries', 'all attempts are judged by the same rules'],
    [{ policy: 'patient' }, 'policy', 'a run keeps the policy that it began with'],
    [{ policy: { timeouts: { pull: '2h' } } }, 'policy.timeouts.pull', 'the host was given it'],
    [{ policy: { timeouts: { running: 'long' } } }, 'policy.timeouts.running', 'write a duration'],
    [{ policy: { timeouts: { running: null } } }, 'policy.timeouts.running', 'write a duration'],
    [{ policy: { timeouts: { silence: 'none' } } }, 'policy.timeouts.silence', 'or null to have none'],
    [{ policy: { timeouts: { runing: '2h' } } }, 'policy.timeouts.runing', 'did you mean `running`?'],
    [{ labels: { 'not a name': 'x' } }, 'labels["not a name"]', 'name a label with letters'],
    [{ labels: { a: 1 } }, 'labels.a', 'must be a text or null'],
    [{ label: { a: 'b' } }, 'label', 'did you mean `labels`?'],
  ])('%j is refused at "%s"', (change, path, message) => {
    expect(checkRunChange(change).faults).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('leaves what it does not name, and takes away what it names with null', () => {
    const { spec, faults } = applyRunChange(accept({ silence: '30m', warn: '2m', warnSignal: 'SIGHUP' }), {
      policy: { timeouts: { silence: null, warn: null, grace: '5m' } },
      labels: { team: 'vision', absent: null },
    });

    expect(faults).toEqual([]);
    expect(spec.labels).toEqual({ team: 'vision' });
    expect(spec.policy.timeouts).toEqual({ ...accept({}).policy.timeouts, grace: '5m' });
  });

  it('lets times that it does not name give way to a shorter total, and refuses those that it names', () => {
    const shorter = applyRunChange(accept({}), { policy: { timeouts: { total: '10h' } } });
    expect(shorter.spec.policy.timeouts).toMatchObject({ total: '10h', running: '10h', queued: '10h' });

    const { faults } = applyRunChange(accept({}), { policy: { timeouts: { running: '48h' } } });
    expect(faults).toEqual([{ path: 'policy.timeouts.running', message: expect.stringContaining('raise the total') }]);
  });
});
