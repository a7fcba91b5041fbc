import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';

import { version } from '../../package.json';
import { temporalBinary } from '../helpers/temporal';
import { bundleWorkflows } from '../helpers/workflow-bundle';
import { workflowSuite } from '../helpers/workflow-suite';
import { SCENARIOS } from './scenarios';

/**
 * Replays the histories that earlier versions wrote. `npm run record-histories` writes those of this version, into a folder
 * of its own; the folders of released versions are never changed.
 */
const HISTORIES = join(__dirname, 'histories');

if (process.env['RECORD_HISTORIES'] === '1') describe('recording', recordHistories);
else describe('replay', replayHistories);

function replayHistories(): void {
  const files = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
  let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflows();
  }, 60_000);

  it('has a history of every scenario', () => {
    const kept = new Set(files.map((file) => file.split('/').at(-1)));
    expect(Object.keys(SCENARIOS).filter((name) => !kept.has(`${name}.json`))).toEqual([]);
  });

  it.each(files)('of %s goes as it went', async (file) => {
    const history = readHistory(file);
    await Worker.runReplayHistory({ workflowBundle }, history, workflowIdOf(history));
  });

  it('notices where the code would do something else', async () => {
    const changed = JSON.stringify(readHistory(files[0]!)).replaceAll('"pullImage"', '"fetchImage"');
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(changed), 'replayed')).rejects.toThrow(
      DeterminismViolationError,
    );
  });
}

interface SavedHistory {
  events: { workflowExecutionStartedEventAttributes?: { workflowId: string } }[];
}

function readHistory(file: string): SavedHistory {
  return JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as SavedHistory;
}

/** Ids of children are made from it. */
function workflowIdOf({ events }: SavedHistory): string {
  return events[0]!.workflowExecutionStartedEventAttributes!.workflowId;
}

function recordHistories(): void {
  const suite = workflowSuite();
  const folder = join(HISTORIES, version);

  it.each(Object.entries(SCENARIOS))('%s', async (name, live) => {
    const workflowId = await live(suite);
    const show = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json', '--address', suite.env.address];
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.json`), execFileSync(temporalBinary(), show));
  });
}
