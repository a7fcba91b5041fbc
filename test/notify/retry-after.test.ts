import { retryAfterMs } from '../../notify/retry-after';

const NOW = Date.parse('2026-11-24T09:30:00Z');

it.each([
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Tue, 24 Nov 2026 09:31:00 GMT', 60_000],
  ['Tue, 24 Nov 2026 09:29:00 GMT', 0],
  ['999999999', 6 * 3_600_000],
  ['99999999999999999999', undefined],
])('takes %j for %j ms', (header, wait) => {
  expect(retryAfterMs(header, NOW)).toBe(wait);
});
