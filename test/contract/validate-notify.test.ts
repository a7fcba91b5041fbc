import { validateSpec } from '../../contract/validate-spec';

const check = (notify: unknown) => validateSpec({ image: 'a', notify });
const faultsOf = (notify: unknown) => check(notify).faults ?? [];
const URL = 'https://hooks.example/runs';
const on = ['failed'];

it('accepts targets with an address or the secret that holds it, and fills in the form', () => {
  const notify = [
    { url: `${URL}?token=1`, on: ['running', 'out-of-memory', 'rule'], secret: 'HOOK_KEY' },
    { urlSecret: 'SLACK_URL', on, form: 'slack' },
  ];
  expect(check(notify)).toMatchObject({ spec: { notify: [{ ...notify[0], form: 'json' }, notify[1]] } });
  expect(check([])).toMatchObject({ spec: { notify: [] } });
});

it.each<[string, object, string]>([
  ['notify[0]', { on }, 'must have exactly one of `url` and `urlSecret`'],
  ['notify[0]', { on, url: URL, urlSecret: 'A' }, 'must have exactly one of `url` and `urlSecret`'],
  ['notify[0].url', { on, url: 'ftp://hooks.example/' }, 'write an address such as'],
  ['notify[0].url', { on, url: 'hooks.example/runs' }, 'write an address such as'],
  ['notify[0].url', { on, url: 'https://' }, 'write an address such as'],
  ['notify[0].url', { on, url: 'https://hooks.example:99999/' }, 'is no address over http or https'],
  ['notify[0].url', { on, url: 'https://[::g]/' }, 'is no address over http or https'],
  ['notify[0].url', { on, url: 'https://hooks.example/a b' }, 'write an address such as'],
  ['notify[0].url', { on, url: `${URL}/${'x'.repeat(2048)}` }, 'must have at most 2048 characters'],
  ['notify[0].on', { url: URL }, 'is missing; write a list of states and end reasons'],
  ['notify[0].on', { url: URL, on: [] }, 'must have at least 1 item'],
  ['notify[0].on', { url: URL, on: ['failed', 'failed'] }, 'must not have an item twice'],
  ['notify[0].on[1]', { url: URL, on: ['failed', 'finished'] }, 'must be one of "queued", "pulling"'],
  ['notify[0].form', { url: URL, on, form: 'xml' }, 'must be "json" or "slack"'],
  ['notify[0].secret', { url: URL, on, secret: '../etc/passwd' }, 'write the name of a secret of the server'],
  ['notify[0].urlSecret', { urlSecret: 'A.B', on }, 'write the name of a secret of the server'],
  ['notify[0].headers', { url: URL, on, headers: {} }, 'unknown field `headers`'],
])('refuses %s of %j', (path, target, message) => {
  expect(faultsOf([target])).toEqual([{ path, message: expect.stringContaining(message) as string }]);
});

it.each(['https://user:s3cret@hooks.example/', 'https://s3cret@hooks.example/', 'ftp://user:s3cret@hooks.example/'])(
  'refuses %s without repeating what is secret in it',
  (url) => {
    const faults = faultsOf([{ url, on }]);
    expect(faults.map(({ path }) => path)).toEqual(['notify[0].url']);
    expect(JSON.stringify(faults)).not.toContain('s3cret');
  },
);

it('shows no key that somebody wrote where the name of a secret belongs', () => {
  expect(JSON.stringify(faultsOf([{ url: URL, on, secret: 's3cret-key!' }]))).not.toContain('s3cret');
});

it('has at most 16 targets', () => {
  expect(faultsOf(Array.from({ length: 16 }, () => ({ url: URL, on })))).toEqual([]);
  expect(faultsOf(Array.from({ length: 17 }, () => ({ url: URL, on })))).toEqual([
    { path: 'notify', message: expect.stringContaining('must have at most 16 items') as string },
  ]);
});
