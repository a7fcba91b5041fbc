import { openLiveFile, type LiveFile } from './live-file';
import { compressSegment, setAside, syncFolder } from './rotation';
import type { LogPaths, Segment } from './segments';

/** The files of a run's log, open to append to the live one, which is set aside and compressed when it is large. */
export interface RotatingFile {
  /**
   * Writes all of the text or, where that fails, none of it. Rotates before the write, not after it: an append whose
   * lines are stored must not fail.
   *
   * @param opening gives the lines that a live file begins with when others were set aside before it.
   */
  append(text: string, lineCount: number, opening: () => readonly string[]): Promise<void>;
  sync(): Promise<void>;
  /** Waits for what is being compressed. */
  close(): Promise<void>;
}

export interface RotationOptions {
  /** The live file is set aside before an append once it is larger than this. */
  segmentBytes: number;
  /** Told of a file that could not be compressed. It stays as it is, and the next writer of the run tries again. */
  onCompressionFailure: (error: unknown, path: string) => void;
}

export interface FilesAtOpening {
  live: LiveFile;
  /** Lines in the live file. */
  liveLines: number;
  /** Lines in all the files that are set aside. */
  setAsideLines: number;
  uncompressed: readonly Segment[];
}

interface State {
  paths: LogPaths;
  options: RotationOptions;
  live: LiveFile | null;
  liveLines: number;
  setAsideLines: number;
  compression: Promise<void>;
}

export function createRotatingFile(paths: LogPaths, options: RotationOptions, files: FilesAtOpening): RotatingFile {
  const { live, liveLines, setAsideLines } = files;
  const state: State = { paths, options, live, liveLines, setAsideLines, compression: Promise.resolve() };
  for (const segment of files.uncompressed) compressLater(state, segment);

  return {
    async append(text, lineCount, opening) {
      if (state.live !== null && state.live.sizeBytes > options.segmentBytes) await rotate(state, state.live);
      state.live ??= await openLiveFile(paths);
      const first = state.liveLines === 0 && state.setAsideLines > 0 ? opening() : [];
      await state.live.append(Buffer.from(first.join('') + text));
      state.liveLines += first.length + lineCount;
    },
    sync: async () => state.live?.sync(),
    async close() {
      await state.live?.close();
      state.live = null;
      await state.compression;
    },
  };
}

async function rotate(state: State, full: LiveFile): Promise<void> {
  await full.sync();
  const segment = await setAside(state.paths, state.setAsideLines + 1, state.setAsideLines + state.liveLines);
  // From here on the file has its new name, and whatever fails below must find this in step with it.
  state.setAsideLines += state.liveLines;
  state.liveLines = 0;
  state.live = null;
  compressLater(state, segment);
  await full.close();
  await syncFolder(state.paths.older);
}

function compressLater(state: State, segment: Segment): void {
  state.compression = state.compression
    .then(() => compressSegment(state.paths, segment))
    .catch((error: unknown) => state.options.onCompressionFailure(error, segment.path));
}
