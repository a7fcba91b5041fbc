import type { LogRecord } from '../docker/engine';

/** What json-file writes around text and time; `stderr` is as long. */
const FRAME_BYTES = '{"log":"","stream":"stdout","time":""}\n'.length;
const LINE_END_BYTES = String.raw`\n`.length;

/**
 * The least that records take in an engine's log of json-file, in bytes: exactly that for UTF-8. A byte that was none is written as six
 * and read as U+FFFD, which is three where a program prints it. What an engine adds by options of its logs is left out.
 */
export function leastJsonFileBytes(records: readonly LogRecord[]): number {
  let bytes = 0;
  for (const { time, data, complete } of records) {
    bytes += FRAME_BYTES + timeBytes(time) + textBytes(data) + (complete ? LINE_END_BYTES : 0);
  }
  return bytes;
}

/** The engine writes no zeros at the end of a second's fraction, and no point without one. */
function timeBytes(time: string): number {
  let end = time.length - 1;
  while (time[end - 1] === '0') end -= 1;
  return (time[end - 1] === '.' ? end - 1 : end) + 1;
}

function textBytes(text: Buffer): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) bytes += ESCAPE_BYTES[text[index]!]!;
  return bytes;
}

/** By how much each byte becomes longer. The engine's JSON is safe within HTML. */
const ESCAPE_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if ('"\\\n\r'.includes(character)) return String.raw`\n`.length - 1;
  return byte < 0x20 || '<>&'.includes(character) ? String.raw`\u001b`.length - 1 : 0;
});
