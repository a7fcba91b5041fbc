import { InvalidDockerHostError, parseDockerHost } from '../../docker/docker-host';

test.each([
  ['unix:///var/run/docker.sock', { socketPath: '/var/run/docker.sock' }],
  ['unix:///run/with space.sock', { socketPath: '/run/with space.sock' }],
  ['tcp://127.0.0.1:2375', { host: '127.0.0.1', port: 2375 }],
  ['tcp://gpu-7.example:2375/', { host: 'gpu-7.example', port: 2375 }],
])('%s is understood', (dockerHost, address) => {
  expect(parseDockerHost(dockerHost)).toEqual(address);
});

test.each([
  ['', 'no scheme'],
  ['/var/run/docker.sock', 'no scheme'],
  ['unix://', 'absolute'],
  ['unix://run/docker.sock', 'absolute'],
  ['npipe:////./pipe/docker_engine', 'npipe:// is not supported'],
  ['ssh://me@host', 'ssh:// is not supported'],
  ['tcp://127.0.0.1', 'both host and port'],
  ['tcp://:2375', 'not a URL'],
  ['tcp://host:99999', 'not a URL'],
  ['tcp://me:secret@host:2375', 'beside'],
  ['tcp://host:2375/path', 'beside'],
])('%j is refused with the reason and the mend', (dockerHost, reason) => {
  const parse = (): unknown => parseDockerHost(dockerHost);
  expect(parse).toThrow(InvalidDockerHostError);
  expect(parse).toThrow(reason);
  expect(parse).toThrow('write unix:///var/run/docker.sock');
});

test('a password in a refused address is not repeated', () => {
  expect(() => parseDockerHost('tcp://me:secret@host:2375')).not.toThrow('secret');
});
