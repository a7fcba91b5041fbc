import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A process of its own that uses the store, to see what several processes see, and what one leaves behind that dies. */
export interface StoreChild {
  pid: number;
  /** The lines that it has printed. */
  printed: string[];
  /** Resolves with the first line that it prints; rejects with its error output where it ends without one. */
  firstLine: Promise<string>;
  /** Resolves when it has ended, with its exit code; null after a signal. */
  ended: Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

const HOOK = join(__dirname, 'typescript-hook.cjs');
const CHILDREN = join(__dirname, '..', 'store', 'children');

/**
 * @param program a file of test/store/children, without `.ts`.
 * @param options.fileSizeBlocks greatest size of a file that it may write, in blocks of 512 bytes.
 * @param options.heapMiB what there is of memory for its objects and texts; it dies where that is too little.
 */
export function startStoreChild(
  program: string,
  args: readonly string[],
  options: { fileSizeBlocks?: number; heapMiB?: number } = {},
): StoreChild {
  const heap = options.heapMiB === undefined ? [] : [`--max-old-space-size=${options.heapMiB}`];
  const command = [process.execPath, ...heap, '-r', HOOK, join(CHILDREN, `${program}.ts`), ...args];
  const limit = options.fileSizeBlocks === undefined ? '' : `ulimit -f ${options.fileSizeBlocks}; `;
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  const errors: Buffer[] = [];
  child.stderr.on('data', (block: Buffer) => errors.push(block));
  const lines = createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
  const firstLine = Promise.race([
    once(lines, 'line').then(([line]) => line as string),
    endOf(child).then((code) => {
      throw new Error(`${program} ended with ${code}: ${Buffer.concat(errors).toString()}`);
    }),
  ]);
  // Not every test looks at it.
  firstLine.catch(() => {});
  const ended = endOf(child);
  return {
    pid: child.pid!,
    printed,
    firstLine,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
