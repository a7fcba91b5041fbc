import { setTimeout as delay } from 'node:timers/promises';

import { openLogStore } from '../../../store/file-log-store';
import { numberedLines } from '../logs/log-file';

/**
 * Appends numbered lines after those that are there, batch by batch, up to a number or until it is killed.
 *
 * Arguments: folder, run, segment in bytes, last number, lines in a batch, milliseconds between two batches.
 */
const [folder, runId, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [segmentBytes, last, batch, pauseMs] = numbers.map(Number) as [number, number, number, number];

async function main(): Promise<void> {
  const writer = await openLogStore(folder, { segmentBytes }).openWriter(runId, 1);
  process.stdout.write('open\n');
  while (writer.attemptLines < last) {
    const next = writer.attemptLines + 1;
    await writer.append(numberedLines(next, Math.min(last, next + batch - 1)));
    if (pauseMs > 0) await delay(pauseMs);
  }
  await writer.seal({ gaps: 0, badBytes: 0 });
  await writer.close();
}

void main();
