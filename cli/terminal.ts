import type { Io } from './io';
import { printable } from './printable';

/**
 * The terminal of a process. Colours and redrawing only where there is one, and no colours with NO_COLOR.
 *
 * @param onClosed called when nobody reads our output any more, as in `trainyard ls | head`.
 */
export function createTerminal({ stdout, stderr, stdin, env }: NodeJS.Process, onClosed: () => void): Io {
  const mayColor = !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const interrupt = new AbortController();
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      onClosed();
    });
  }
  return {
    out: (text) => void stdout.write(stdout.isTTY ? printable(text) : text),
    err: (text) => void stderr.write(stderr.isTTY ? printable(text) : text),
    draw: (text) => void stderr.write(text),
    isTerminal: stdout.isTTY === true,
    liveColumns: () => (stderr.isTTY && env['TERM'] !== 'dumb' ? stderr.columns || 80 : null),
    colors: stdout.isTTY === true && mayColor,
    errColors: stderr.isTTY === true && mayColor,
    interrupted: interrupt.signal,
    catchInterrupt: () => process.once('SIGINT', () => interrupt.abort()),
    readInput: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
