import type { Run } from '../../contract/run';
import { bar, color, duration, relativeTime, size, table } from '../../cli/format';
import { epochOf, liveText } from '../../cli/progress';
import { tableOfRuns } from '../../cli/run-table';
import { sampleRun } from './cli-harness';

describe('what is written for people', () => {
  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h 0 min'],
    [49 * 3_600_000, '2 d 1 h'],
    [-5, '0 s'],
  ])('writes %i ms as %j', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [266 * 1024 ** 2, '266 MiB'],
    [5 * 1024 ** 5, '5120 TiB'],
  ])('writes %i bytes as %j', (bytes, text) => expect(size(bytes)).toBe(text));

  it.each([
    ['2026-01-01T00:00:00Z', 'just now'],
    ['2025-12-31T23:55:00Z', '5 min ago'],
    ['2026-01-01T02:00:00Z', 'in 2 h'],
  ])('writes the time %s as %j', (instant, text) => {
    expect(relativeTime(instant, Date.parse('2026-01-01T00:00:00Z'))).toBe(text);
  });

  it('keeps a bar within its width', () => {
    expect([bar(-1, 4), bar(0.5, 4), bar(7, 4)]).toEqual(['────', '━━──', '━━━━']);
  });

  it('aligns columns by what is seen, not by what colours add', () => {
    expect(
      table(
        ['A', 'B'],
        [
          [color('xxx', 31, true), '1'],
          ['y', '2'],
        ],
      ),
    ).toEqual(['A    B', '\u001b[31mxxx\u001b[0m  1', 'y    2']);
  });

  it.each([
    ['{"epoch": 2, "loss": 1}', 2],
    ['{"epoch": "two"}', null],
    ['{broken', null],
    ['epoch 2', null],
  ])('reads the epoch of %j as %j', (text, epoch) => expect(epochOf(text)).toBe(epoch));

  it('tells the progress of a pull where the server knows it', () => {
    const pull = { phase: 'downloading', currentBytes: 120 * 1024 ** 2, totalBytes: 266 * 1024 ** 2 } as const;
    const text = liveText({ ...sampleRun({ state: 'pulling' }), pull }, { epoch: null, attempt: 0 }, 0, 12_000);
    expect(text).toContain('pulling 12 s');
    expect(text).toContain('45 % downloading 120 MiB of 266 MiB');
  });
});

describe('the table of runs', () => {
  const header = (...runs: Partial<Run>[]) =>
    tableOfRuns(
      runs.map((run) => sampleRun(run)),
      0,
      false,
    )[0];

  it('has columns for the place of runs where one says something of it', () => {
    expect(header({})).toMatch(/^ID +STATE +CREATED +RAN +ATTEMPT +RECIPE +WHY$/);
    expect(header({}, { owner: 'ada', gpus: 2 })).toMatch(/RECIPE +OWNER +GPUS +WHY$/);
    expect(header({ pool: 'big', project: 'vision', priority: 0 })).toMatch(/RECIPE +POOL +PROJECT +PRIORITY +WHY$/);
  });
});
