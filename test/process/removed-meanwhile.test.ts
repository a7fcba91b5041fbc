import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import type { LogRecord } from '../../docker/engine';
import { NotFoundError } from '../../docker/errors';
import { removeFolder } from '../../process/process-folder';
import { never, testProcesses, text } from '../helpers/processes';

const { engine, folder, readAll, runToEnd, dispose } = testProcesses();
const TURNS = 60;

let ended: string;
let copies = 0;

beforeAll(async () => {
  ended = await runToEnd(['echo', 'all of it']);
});
afterAll(dispose);

/** A process like the one that has ended. */
function endedProcess(): string {
  const id = `process-copy${(copies += 1)}`;
  cpSync(join(folder, ended), join(folder, id), { recursive: true });
  const plan = join(folder, id, 'plan.json');
  writeFileSync(plan, readFileSync(plan, 'utf8').replaceAll(ended, id));
  return id;
}

/** What calls answer during which the process is removed, each of them a turn of the event loop later than the one before. */
async function answersMeanwhile<T>(call: (id: string) => Promise<T>): Promise<(T | NotFoundError)[]> {
  const answers: (T | NotFoundError)[] = [];
  for (let turns = 0; turns < TURNS; turns += 1) {
    const id = endedProcess();
    const answer = call(id).catch((error: unknown) => {
      if (error instanceof NotFoundError) return error;
      throw error;
    });
    for (let passed = 0; passed < turns; passed += 1) await turn();
    await removeFolder(folder, id);
    answers.push(await answer);
  }
  return answers;
}

test('the log of a process that is removed meanwhile is read whole, or there is no such process', async () => {
  const answers = await answersMeanwhile((id) => readAll(id));
  const read = answers.filter((answer): answer is LogRecord[] => !(answer instanceof NotFoundError));
  expect(read.length).toBeLessThan(TURNS);
  for (const records of read) expect(records.map(text)).toEqual(['all of it']);
});

test('the end of a process that is removed meanwhile is waited for, or there is no such process', async () => {
  const answers = await answersMeanwhile((id) => engine.waitContainer(id, never));
  expect(answers.filter((answer) => answer instanceof NotFoundError).length).toBeGreaterThan(0);
});
