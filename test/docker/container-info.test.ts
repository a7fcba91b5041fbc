import { toContainerInfo } from '../../docker/container-info';

/** How the log is kept of a container that was made with such a configuration, by whomever. */
function logOf(type: string, options: Record<string, string> | null) {
  const state = { Status: 'running', ExitCode: 0, OOMKilled: false, Error: '', StartedAt: '', FinishedAt: '' };
  const config = { Type: type, Config: options };
  const { log } = toContainerInfo({
    ...{ Id: 'id', Name: '/name', Image: 'image', Config: {}, HostConfig: { LogConfig: config }, State: state },
  });
  return log;
}

const SIZES = { 'max-size': '1000000', 'max-file': '3' };

test('the log of a container is kept in files of its own size and number', () => {
  expect(logOf('json-file', SIZES)).toEqual({ fileBytes: 1_000_000, maxFiles: 3, isPlain: true });
});

test.each(['tag', 'labels', 'labels-regex', 'env', 'env-regex'])(
  'with the option %s, which an engine may have by its own defaults, there is more in its records',
  (option) => {
    expect(logOf('json-file', { ...SIZES, [option]: 'x' })).toMatchObject({ isPlain: false });
  },
);

test.each([
  ['of another driver', 'journald', SIZES],
  ['without a size', 'json-file', { 'max-file': '3' }],
  ['without options', 'json-file', null],
])('nothing is known of a log %s', (_, type, options) => {
  expect(logOf(type, options)).toBeNull();
});
