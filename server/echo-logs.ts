import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

import { partLogSize } from './part-log';

const LOOK_EVERY_MS = 100;

/**
 * Writes what is added to the parts' logs from now on, each line after the name of its part. The parts write to their
 * files themselves, so that none of them waits for, or dies with, the terminal.
 *
 * @returns ends it, after one last look.
 */
export function echoLogs(files: readonly string[], write: (text: string) => void): () => void {
  const tails = files.map((file) => tailOf(file, (line) => write(`${basename(file, '.log')} | ${line}\n`)));
  const look = (): void => tails.forEach((readOn) => readOn());
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
  };
}

function tailOf(file: string, onLine: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8');
  let position = partLogSize(file);
  let rest = '';
  return () => {
    const size = partLogSize(file);
    if (size < position) position = 0;
    if (size === position) return;
    const bytes = Buffer.alloc(size - position);
    const descriptor = openSync(file, 'r');
    position += readSync(descriptor, bytes, 0, bytes.length, position);
    closeSync(descriptor);
    const lines = (rest + decoder.write(bytes)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
}
