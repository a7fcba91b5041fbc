/**
 * What `nvidia-smi` prints, read strictly: a line that has another form than it should is an error and not a guess. Forms are
 * those of its documentation: `--query-gpu`, `--query-compute-apps` (CSV without header and units) and `-L`.
 */

export interface GpuRow {
  id: string;
  index: number;
  model: string;
  /** 0 where the driver does not tell, as of memory that is shared with the processor. */
  memoryBytes: number;
  /** Whether the GPU is cut into slices, which then are what can be given out. */
  isCut: boolean;
  /** What the driver says is wrong with it; null where nothing is. */
  problem: string | null;
}

export interface GpuSlice {
  id: string;
  /** UUID of the GPU that it is a slice of. */
  parent: string;
  /** Such as `1g.10gb`. */
  profile: string;
  memoryBytes: number;
}

/** A process that computes on a GPU. */
export interface GpuUser {
  /** UUID of the GPU, or of the slice, as the driver tells it. */
  gpuId: string;
  pid: number;
}

/** Thrown where the output is not of the form that it should have. */
export class GpuOutputError extends Error {
  override readonly name = 'GpuOutputError';
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** The driver does not know, or this GPU has no such thing. */
const NOTHING = /^\[?(?:N\/A|Not Supported)\]?$/i;
/** The driver should know and does not: `ERR!`, `[Unknown Error]`, `[GPU is lost]`, `[GPU requires reset]`. */
const WRONG = /^(?:ERR!|\[.+\])$/i;

/** Columns of {@link readGpuRows}; older drivers know no MIG. */
export const GPU_COLUMNS = 'index,uuid,name,memory.total,mig.mode.current';
export const GPU_COLUMNS_WITHOUT_MIG = 'index,uuid,name,memory.total';

/** @throws {GpuOutputError} */
export function readGpuRows(text: string): GpuRow[] {
  return linesOf(text).map((line) => {
    const [index = '', id = '', model = '', memory = '', mig = 'N/A', ...more] = cells(line);
    if (!/^\d+$/.test(index) || !isUuid(id) || model === '' || more.length > 0) throw strange(line);
    const wrong = [model, memory, mig].find((cell) => WRONG.test(cell) && !NOTHING.test(cell));
    const isKnown = /^\d+$/.test(memory);
    if (wrong === undefined && !isKnown && !NOTHING.test(memory)) throw strange(line);
    return {
      id,
      index: Number(index),
      model,
      memoryBytes: isKnown ? Number(memory) * MIB : 0,
      isCut: mig === 'Enabled',
      problem: wrong === undefined ? null : `the driver says ${wrong} of it`,
    };
  });
}

/**
 * The slices in what `-L` lists. Their memory is that of their profile's name, which is a little more than what a program
 * finds.
 *
 * @throws {GpuOutputError}
 */
export function readGpuSlices(text: string): GpuSlice[] {
  const slices: GpuSlice[] = [];
  let parent: string | null = null;
  for (const line of linesOf(text)) {
    const [, gpu] = /^GPU \d+: .+ \(UUID: (\S+)\)$/.exec(line) ?? [];
    if (gpu !== undefined) {
      parent = gpu;
      continue;
    }
    const [, profile, id] = /^MIG (\S+)\s+Device\s+\d+: \(UUID: (\S+)\)$/.exec(line) ?? [];
    if (profile === undefined || id === undefined || parent === null) throw strange(line);
    const [, gigabytes] = /\.(\d+)gb/i.exec(profile) ?? [];
    slices.push({ id, parent, profile, memoryBytes: Number(gigabytes ?? 0) * GIB });
  }
  return slices;
}

/** @throws {GpuOutputError} */
export function readGpuUsers(text: string): GpuUser[] {
  return linesOf(text).flatMap((line) => {
    const [gpuId = '', pid = '', ...more] = cells(line);
    if (!isUuid(gpuId) || more.length > 0) throw strange(line);
    // A process that the driver does not name, as of another namespace, can be nobody's we know of.
    if (NOTHING.test(pid) || WRONG.test(pid)) return [];
    if (!/^\d+$/.test(pid)) throw strange(line);
    return [{ gpuId, pid: Number(pid) }];
  });
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function cells(line: string): string[] {
  return line.split(',').map((cell) => cell.trim());
}

function isUuid(text: string): boolean {
  return /^(?:GPU|MIG)-[\w./-]+$/.test(text);
}

function strange(line: string): GpuOutputError {
  return new GpuOutputError(
    `nvidia-smi printed ${JSON.stringify(line.slice(0, 200))}, which is not of a form that is known`,
  );
}
