import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { unfold } from '../../chaos/padding';
import { PARTS } from '../../chaos/plan/blows';
import { type ChaosResult, runChaos } from '../../chaos/run-chaos';
import { summarise } from '../../chaos/summary';
import { TEST_IMAGE } from '../helpers/engine';
import { temporalBinary } from '../helpers/temporal';

jest.setTimeout(600_000);

const OPTIONS = {
  seed: 'short',
  rounds: 1,
  live: 6,
  freezeMs: 4_000,
  longestSeconds: 15,
  parts: [...PARTS],
  keep: false,
};

const folder = mkdtempSync(join(tmpdir(), 'trainyard-chaos-test-'));
const story: string[] = [];
let result: ChaosResult;

beforeAll(async () => {
  result = await runChaos({
    ...OPTIONS,
    folder,
    image: TEST_IMAGE,
    env: { ...process.env, TRAINYARD_TEMPORAL_BIN: temporalBinary() },
    tell: (line) => void story.push(line),
    stopped: new AbortController().signal,
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('one short round of chaos', () => {
  it('hurts every part', () => {
    const once = { api: 1, control: 1, host: 1, temporal: 1, engine: 1 };

    expect(result.strikes.killed).toEqual(once);
    expect(Object.values(result.strikes.frozen).reduce((sum, times) => sum + times)).toBe(1);
  });

  it('has run what it judges', () => {
    expect(result.facts.runs.length).toBeGreaterThanOrEqual(OPTIONS.live);
    expect(result.facts.runs.flatMap(({ executions }) => executions).length).toBeGreaterThanOrEqual(OPTIONS.live);
    expect(result.verdict.linesKept).toBeGreaterThan(100);
    const printed = result.facts.runs.flatMap(({ executions }) => executions).flatMap((execution) => execution.printed);
    expect(printed.filter(({ text }) => text !== unfold(text)).length).toBeGreaterThan(10);
  });

  it('loses nothing, does nothing twice and leaves nothing', () => {
    expect({ found: result.verdict.violations, story, summary: summarise(result) }).toMatchObject({ found: [] });
  });
});
