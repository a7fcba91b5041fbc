import { toContainerInfo } from '../../docker/container-info';

const RUNNING = { Status: 'running', ExitCode: 0, OOMKilled: false, Error: '', StartedAt: '', FinishedAt: '' };

function infoOf(state: Partial<typeof RUNNING>, hostConfig: Parameters<typeof toContainerInfo>[0]['HostConfig'] = {}) {
  const rest = { Id: 'id', Name: '/name', Image: 'image', Config: {}, HostConfig: hostConfig };
  return toContainerInfo({ ...rest, State: { ...RUNNING, ...state } });
}

test('a container does not end before it was started, though an engine may note its start later than its end', () => {
  const times = { StartedAt: '2026-01-01T00:00:00.5Z', FinishedAt: '2026-01-01T00:00:00.498Z' };
  const { startedAt, finishedAt } = infoOf({ ...times, Status: 'exited' });
  expect(startedAt).toBe('2026-01-01T00:00:00.500000000Z');
  expect(finishedAt).toBe(startedAt);
});

/** How the log is kept of a container that was made with such a configuration, by whomever. */
const logOf = (type: string, options: Record<string, string> | null) =>
  infoOf({}, { LogConfig: { Type: type, Config: options } }).log;

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
