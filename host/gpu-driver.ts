import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const VERSION_FILE = '/proc/driver/nvidia/version';
/** A driver that hangs must not hold up a start for long. */
const ANSWER_TIMEOUT_MS = 5000;

/**
 * Asks for the version of the NVIDIA driver of this machine; null where there is none. The kernel is asked each time, which costs next to
 * nothing and sees a driver that was exchanged. Where it does not tell, `nvidia-smi` is run, once for all.
 */
export function createGpuDriver(
  versionFile = VERSION_FILE,
  command: readonly [string, ...string[]] = ['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader'],
): () => Promise<string | null> {
  let fromCommand: Promise<string | null> | null = null;
  return async () => (await fromFile(versionFile)) ?? (fromCommand ??= ask(command));
}

async function fromFile(path: string): Promise<string | null> {
  // Not there: there is no driver, or it is one that does not say so here.
  const text = await readFile(path, 'utf8').catch(() => '');
  return /^NVRM version:.*?\s(\d+(?:\.\d+)+)(?:\s|$)/m.exec(text)?.[1] ?? null;
}

async function ask([program, ...args]: readonly [string, ...string[]]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: ANSWER_TIMEOUT_MS });
    const [first = ''] = stdout.split('\n');
    return /^\d+(\.\d+)+$/.test(first.trim()) ? first.trim() : null;
  } catch {
    // No such program, or no driver beneath it: what null means.
    return null;
  }
}
