import { execFile, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { GPU_COLUMNS, GPU_COLUMNS_WITHOUT_MIG, readGpuRows, readGpuSlices, readGpuUsers } from './gpu-output';
import type { GpuRow, GpuUser } from './gpu-output';

/** A GPU, or a slice of one, that can be given to a container. */
export interface FoundGpu {
  id: string;
  index: number;
  model: string;
  memoryBytes: number;
  mig: boolean;
  /** UUID of the GPU that it is a slice of; its own where it is whole. */
  parent: string;
  /** What the driver says is wrong with it, in half a sentence; null where nothing is. */
  problem: string | null;
}

export interface GpuListing {
  gpus: FoundGpu[];
  /** What the driver said beside the list, such as that a GPU has fallen off; null where it said nothing. */
  problem: string | null;
}

/** The GPUs of a machine, and who computes on them; asked anew with each call. */
export interface GpuInventory {
  /**
   * No GPUs where there is no driver.
   *
   * @throws {GpuDriverError}, {GpuOutputError}
   */
  list(): Promise<GpuListing>;
  /** @throws {GpuDriverError}, {GpuOutputError} */
  users(): Promise<GpuUser[]>;
}

/** Thrown where there is a driver that fails, or does not answer in time. */
export class GpuDriverError extends Error {
  override readonly name = 'GpuDriverError';
}

/** A driver that takes longer hangs; one that is asked for the first time after a start takes some seconds. */
const ANSWER_WITHIN_MS = 10_000;

/** What `nvidia-smi` exits with where there is a driver and no GPU. */
const NO_DEVICES = 6;

export function createGpuInventory(command = 'nvidia-smi', withinMs = ANSWER_WITHIN_MS): GpuInventory {
  const ask = createAsker(command, withinMs);
  return {
    list: async () => {
      const { rows, problem } = await listRows(ask);
      const slices = rows.some(({ isCut }) => isCut) ? readGpuSlices((await ask(['-L'])).text) : [];
      const found = rows.flatMap((row) => {
        if (!row.isCut) return [{ ...row, mig: false, parent: row.id }];
        return slices.filter(({ parent }) => parent === row.id).map((slice) => sliceOf(row, slice));
      });
      const gpus = found.map(({ id, model, memoryBytes, mig, parent, problem: own }, index) => {
        return { id, index, model, memoryBytes, mig, parent, problem: own };
      });
      return { gpus, problem };
    },
    users: async () => {
      const { text, problem } = await ask(['--query-compute-apps=gpu_uuid,pid', ...CSV]);
      if (problem === null) return readGpuUsers(text);
      const rows = linesLike(text, /^\s*(?:GPU|MIG)-/);
      if (rows === '') throw new GpuDriverError(problem);
      return readGpuUsers(rows);
    },
  };
}

const CSV = ['--format=csv,noheader,nounits'];

function sliceOf(row: GpuRow, { id, profile, memoryBytes, parent }: ReturnType<typeof readGpuSlices>[number]) {
  return { ...row, id, model: `${row.model} MIG ${profile}`, memoryBytes, mig: true, parent };
}

type Ask = (args: readonly string[]) => Promise<Answer>;

interface Answer {
  text: string;
  /** What it said where it did not end well. */
  problem: string | null;
}

async function listRows(ask: Ask): Promise<{ rows: GpuRow[]; problem: string | null }> {
  let answer = await ask([`--query-gpu=${GPU_COLUMNS}`, ...CSV]);
  if (/not a valid field to query/i.test(`${answer.text} ${answer.problem}`)) {
    answer = await ask([`--query-gpu=${GPU_COLUMNS_WITHOUT_MIG}`, ...CSV]);
  }
  const { text, problem } = answer;
  if (problem === null) return { rows: readGpuRows(text), problem };
  // Of a machine one of whose GPUs is lost it lists the others, between words about that one.
  const rows = readGpuRows(linesLike(text, /^\s*\d+\s*,/));
  if (rows.length === 0) throw new GpuDriverError(problem);
  return { rows, problem };
}

/** Runs the program; while one that hangs cannot even be killed, no other is started beside it. */
function createAsker(command: string, withinMs: number): Ask {
  let stuck: ChildProcess | null = null;
  return async (args) => {
    const late = new GpuDriverError(`${command} has not answered for ${withinMs / 1000} s`);
    if (stuck !== null && stuck.exitCode === null && stuck.signalCode === null) throw late;
    const timer = new AbortController();
    const answered = run(command, args);
    stuck = answered.child;
    const timeout = sleep(withinMs, null, { signal: timer.signal, ref: false }).catch(() => null);
    const answer = await Promise.race([answered.answer, timeout]).finally(() => timer.abort());
    if (answer !== null) return answer;
    answered.child.kill('SIGKILL');
    throw late;
  };
}

function run(command: string, args: readonly string[]): { child: ChildProcess; answer: Promise<Answer> } {
  let settle: (answer: Answer) => void = () => undefined;
  const answer = new Promise<Answer>((resolve) => (settle = resolve));
  const child = execFile(command, [...args], { maxBuffer: 4 * 1024 ** 2 }, (error, stdout, stderr) => {
    // No such program, or none that may be run: there is no driver.
    const isAbsent = error !== null && ['ENOENT', 'EACCES', 'ENOTDIR'].includes(String(error.code));
    const isNone = error === null || isAbsent || error.code === NO_DEVICES;
    if (isNone) settle({ text: error === null ? stdout : '', problem: null });
    else settle({ text: stdout, problem: wordsOf(stderr) || wordsOf(stdout) || error.message });
  });
  return { child, answer };
}

function linesLike(text: string, pattern: RegExp): string {
  return text
    .split('\n')
    .filter((line) => pattern.test(line))
    .join('\n');
}

/** What a program said first beside its rows. */
function wordsOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*\d+\s*,/.test(line));
  return (lines[0] ?? '').trim().replace(/\.+$/, '').slice(0, 300);
}
