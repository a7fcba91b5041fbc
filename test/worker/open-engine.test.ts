import { examineMachine } from '../../process/machine';
import { FallbackImpossibleError, openEngine } from '../../worker/open-engine';
import { hostConfig } from '../host/helpers';

const { host, worker, data } = hostConfig('/nowhere', 'unix:///nowhere/docker.sock');
const incapable = { ...examineMachine(), problem: 'local processes need a worker that is root' };

it('refuses to begin where the settings ask for local processes and the machine cannot have them', () => {
  const settings = { data, worker, host: { ...host, fallback: 'process' } as const };
  expect(() => openEngine(settings, incapable)).toThrow(FallbackImpossibleError);
  expect(() => openEngine(settings, incapable)).toThrow(
    'host.fallback cannot be "process" on this machine: local processes need a worker that is root',
  );
});

it('asks nothing of the machine where they are not allowed', async () => {
  const engine = openEngine({ data, worker, host }, incapable);
  expect(await engine.listContainers({ 'trainyard.form': 'process' })).toEqual([]);
  engine.close();
});
