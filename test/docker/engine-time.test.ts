import fc from 'fast-check';

import { normaliseTime, timeOrNull, toSince } from '../../docker/engine-time';

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000000Z'],
  ['2026-01-02T03:04:05.12Z', '2026-01-02T03:04:05.120000000Z'],
  ['2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123456789Z'],
  ['2026-01-01T00:30:00.5+01:00', '2025-12-31T23:30:00.500000000Z'],
])('%s is %s', (written, normal) => {
  expect(normaliseTime(written)).toBe(normal);
});

test.each([
  '',
  'yesterday',
  '2026-01-02',
  '2026-01-02T03:04:05',
  '2026-01-02T03:04:05.1234567890Z',
  ' 2026-01-02T03:04:05Z',
])('%j is no time', (text) => {
  expect(normaliseTime(text)).toBeUndefined();
  expect(() => toSince(text)).toThrow(RangeError);
});

test('the zero time means never', () => {
  expect(timeOrNull('0001-01-01T00:00:00Z')).toBeNull();
  expect(timeOrNull('2026-01-02T03:04:05.1Z')).toBe('2026-01-02T03:04:05.100000000Z');
});

test('since keeps every nanosecond', () => {
  const seconds = fc.integer({ min: 0, max: 4_102_444_799 });
  fc.assert(
    fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (second, nanos) => {
      const fraction = String(nanos).padStart(9, '0');
      const time = `${new Date(second * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
      expect(toSince(time)).toBe(`${second}.${fraction}`);
    }),
  );
});
