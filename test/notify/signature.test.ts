import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sign } from '../../notify/signature';
import { fencedBlocks } from '../repository/markdown';

const BODY = '{"id":"1","text":"ünïcode"}';

it('is the HMAC-SHA256 of the time, the id and the body', () => {
  // printf '1700000000.id-1.{"a":1}' | openssl dgst -sha256 -hmac key
  expect(sign('key', 1_700_000_000, 'id-1', '{"a":1}')).toBe(
    'v1=ded05edee697e4fd91bc4c0ee895912d2d53b5f87663d3e29673ecd7d0df0b36',
  );
});

it.each([
  ['key', sign('other', 1, 'id', BODY)],
  ['time', sign('key', 2, 'id', BODY)],
  ['id', sign('key', 1, 'other', BODY)],
  ['body', sign('key', 1, 'id', `${BODY} `)],
])('is another for another %s', (_, other) => {
  expect(other).not.toBe(sign('key', 1, 'id', BODY));
});

describe('the verification that docs/notifications.md shows', () => {
  const guide = readFileSync(join(__dirname, '../../docs/notifications.md'), 'utf8');
  const [python, node] = [fencedBlocks(guide, 'python')[0]!, fencedBlocks(guide, 'js')[0]!];
  const now = Math.floor(Date.now() / 1_000);
  const headers = (timestamp: number, id = 'n-1', key = 'key') => ({
    'trainyard-id': id,
    'trainyard-timestamp': String(timestamp),
    'trainyard-signature': sign(key, timestamp, id, BODY),
  });
  /** Calls of `verify`, in order, in one process. */
  const CALLS = [
    headers(now),
    headers(now),
    headers(now - 400, 'n-2'),
    headers(now + 400, 'n-3'),
    headers(now, 'n-4', 'other key'),
    { ...headers(now, 'n-5'), 'trainyard-id': 'n-6' },
    headers(now - 200, 'n-7'),
  ];
  const ANSWERS = [true, false, false, false, false, false, true];
  const input = JSON.stringify({ key: 'key', body: BODY, calls: CALLS });

  it.each([
    [
      'Python',
      'python3',
      [
        '-c',
        `${python}\nimport json, sys\nd = json.load(sys.stdin)\nprint(json.dumps([verify(d["key"].encode(), c, d["body"].encode()) for c in d["calls"]]))`,
      ],
    ],
    [
      'Node.js',
      process.execPath,
      [
        '-e',
        `${node}\nconst d = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));\nconsole.log(JSON.stringify(d.calls.map((c) => verify(d.key, c, d.body))));`,
      ],
    ],
  ])('in %s takes what is new and whole, once', (_, program, args) => {
    expect(JSON.parse(execFileSync(program, args, { input, encoding: 'utf8' }))).toEqual(ANSWERS);
  });
});
