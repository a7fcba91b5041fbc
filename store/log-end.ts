import { untilRemoved } from './errors';
import { type LogLine, type LogStore, ownText } from './log-store';

/** How much of the end of a log is searched for what tells of a failure. */
const LINES = 1000;
const CHARACTERS = 1024 ** 2;
/** Of one line, so that a single one cannot be all there is. */
const LINE_CHARACTERS = 16 * 1024;

/** The last lines of an attempt, oldest first: at most 1,000, and at most a mebibyte of text. */
export async function readLogEnd(
  logs: Pick<LogStore, 'read'>,
  { runId, attempt }: { runId: string; attempt: number },
): Promise<LogLine[]> {
  let last: LogLine[] = [];
  for await (const lines of untilRemoved(logs.read(runId, { attempt, tail: LINES }))) {
    last = newest([...last, ...lines.map(keptOf)]);
  }
  return last;
}

function keptOf(line: LogLine): LogLine {
  return { ...line, time: ownText(line.time), text: ownText(line.text.slice(0, LINE_CHARACTERS)) };
}

function newest(lines: LogLine[]): LogLine[] {
  let characters = 0;
  const first = lines.findLastIndex(({ text }) => (characters += text.length) > CHARACTERS);
  return lines.slice(first + 1);
}
