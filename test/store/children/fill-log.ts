import { isLogDiskFullError } from '../../../store/errors';
import { openLogStore } from '../../../store/file-log-store';
import { logTime } from '../logs/engine-log';

/** Appends batches until there is no room, several at once, then one small line more; prints what happened to each. */
const [folder] = process.argv.slice(2) as [string];
const BATCH = 10;

async function main(): Promise<void> {
  const writer = await openLogStore(folder, { segmentBytes: 1e9 }).openWriter('run-1', 1);
  const batches = Array.from({ length: 6 }, (_, batch) =>
    Array.from({ length: BATCH }, (_, index) => line(batch * BATCH + index + 1, 'x'.repeat(1_000))),
  );
  const outcomes = await Promise.allSettled(batches.map((batch) => writer.append(batch)));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')?.reason as Error;
  const small = await writer.append([line(1_000, 'small')]).then(
    () => 'stored',
    () => 'failed',
  );
  await writer.close();
  process.stdout.write(
    `${JSON.stringify({
      outcomes: outcomes.map(({ status }) => status),
      isTyped: isLogDiskFullError(failure),
      message: failure.message,
      attemptLines: writer.attemptLines,
      small,
    })}\n`,
  );
}

function line(number: number, text: string) {
  return { time: logTime(number), stream: 'stdout' as const, text: `${number} ${text}` };
}

void main();
