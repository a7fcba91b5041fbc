import { Readable } from 'node:stream';

import { readRecall } from '../../docker/recall';
import { testEngine } from '../helpers/engine';
import { until } from '../helpers/until';

const { engine, run, dispose } = testEngine();
afterAll(dispose);

it('an engine recalls the start and the end of what it saw, and nothing of what it never saw', async () => {
  const id = await run(['sleep', '300']);
  expect(await engine.recall(id)).toMatchObject({ started: true, ended: false });
  await engine.signalContainer(id, 'SIGKILL');
  await engine.waitContainer(id, AbortSignal.timeout(30_000));
  // It notes an end a moment after it has told who waits for that.
  await until(async () => (await engine.recall(id)).ended);
  expect(await engine.recall(id)).toMatchObject({ started: true, ended: true });
  expect(await engine.recall('0'.repeat(64))).toMatchObject({ started: false, ended: false });
  expect((await engine.recall(id)).liveRestore).toBe((await engine.info()).liveRestore);
});

const event = (Action: string, ID = 'mine', Type = 'container'): string =>
  `${JSON.stringify({ Type, Action, Actor: { ID } })}\n`;

it.each([
  ['its start', [event('create'), event('start')], { started: true, ended: false }],
  ['its end', [event('kill'), event('die')], { started: false, ended: true }],
  ['others', [event('start', 'other'), event('die', 'mine', 'network')], { started: false, ended: false }],
  ['nothing', [], { started: false, ended: false }],
])('events of %s are read, however they are cut', async (_, lines, found) => {
  const text = lines.join('');
  const chunks = Readable.from([text.slice(0, 7), text.slice(7)]);
  expect(await readRecall(chunks, 'mine')).toEqual({ ...found, complete: true });
});

it('an engine that keeps no more events may have forgotten some', async () => {
  const many = (count: number): Readable => Readable.from(Array.from({ length: count }, () => event('start', 'other')));
  expect(await readRecall(many(255), 'mine')).toMatchObject({ complete: true });
  expect(await readRecall(many(256), 'mine')).toMatchObject({ complete: false });
});
