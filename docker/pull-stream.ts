import { StringDecoder } from 'node:string_decoder';

import type { PullOptions } from './engine';
import { EngineError, EngineUnavailableError } from './errors';
import { mapPullMessage } from './map-error';

/** What a pull tells of itself, summed over its layers. */
export type PullProgress = Parameters<NonNullable<PullOptions['onProgress']>>[0];

/** A line is some hundred bytes; far more is not the progress of a pull. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Reads the progress of a pull, one JSON object per line, up to its end; yields what is known after each chunk.
 *
 * @throws the error that the stream tells of, as one of docker/errors; an engine answers 200 before it knows.
 * @throws {EngineUnavailableError} if the stream ends without a final status.
 */
export async function* readPullStream(chunks: AsyncIterable<Buffer>): AsyncGenerator<PullProgress, void, undefined> {
  const layers = createLayers();
  let final = false;
  for await (const lines of readLines(chunks)) {
    for (const line of lines) {
      const message = parseMessage(line);
      const failure = message.errorDetail?.message ?? message.error;
      if (failure !== undefined) throw mapPullMessage(failure);
      final ||= isFinal(message);
      layers.take(message);
    }
    yield layers.progress();
  }
  if (!final) throw new EngineUnavailableError('the Docker Engine broke off the pull without saying how it ended');
}

interface PullMessage {
  status?: string;
  /** Id of a layer; of the tag in the first line. */
  id?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
  errorDetail?: { message?: string };
}

function isFinal({ status = '' }: PullMessage): boolean {
  return /^Status: (Downloaded newer image|Image is up to date) for /.test(status);
}

function parseMessage(line: string): PullMessage {
  try {
    return JSON.parse(line) as PullMessage;
  } catch (cause) {
    throw new EngineError(`a line in the progress of a pull is no JSON: ${line.slice(0, 200)}`, undefined, { cause });
  }
}

async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[], void, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_LENGTH) throw new EngineError('a line in the progress of a pull has no end', undefined);
    yield lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield [rest];
}

interface Layer {
  stage: 'waiting' | 'downloading' | 'downloaded' | 'extracting' | 'done';
  totalBytes: number;
  downloadedBytes: number;
  extractedBytes: number;
}

function createLayers(): { take(message: PullMessage): void; progress(): PullProgress } {
  const layers = new Map<string, Layer>();
  return {
    take: ({ id, status, progressDetail }) => {
      if (id === undefined || status === undefined) return;
      const layer = layers.get(id) ?? { stage: 'waiting', totalBytes: 0, downloadedBytes: 0, extractedBytes: 0 };
      if (advance(layer, status, progressDetail ?? {})) layers.set(id, layer);
    },
    progress: () => summarise([...layers.values()]),
  };
}

/** Returns false for a line that is not about a layer which has to be fetched. */
function advance(layer: Layer, status: string, { current, total }: { current?: number; total?: number }): boolean {
  if (total !== undefined && total > 0) layer.totalBytes = total;
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return true;
    case 'Downloading':
      layer.stage = 'downloading';
      layer.downloadedBytes = current ?? layer.downloadedBytes;
      return true;
    case 'Verifying Checksum':
    case 'Download complete':
      layer.stage = 'downloaded';
      layer.downloadedBytes = layer.totalBytes;
      return true;
    case 'Extracting':
      layer.stage = 'extracting';
      layer.downloadedBytes = layer.totalBytes;
      layer.extractedBytes = current ?? layer.extractedBytes;
      return true;
    case 'Pull complete':
      layer.stage = 'done';
      layer.downloadedBytes = layer.extractedBytes = layer.totalBytes;
      return true;
    default:
      // "Retrying in 5 seconds" comes in the middle of a layer; "Already exists" and "Pulling from …" are no work.
      return layer.stage !== 'waiting' || status.startsWith('Retrying');
  }
}

function summarise(layers: readonly Layer[]): PullProgress {
  const sum = (of: (layer: Layer) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  const totalBytes = sum((layer) => layer.totalBytes);
  if (layers.every(({ stage }) => stage === 'waiting')) {
    return { phase: 'resolving', currentBytes: 0, totalBytes };
  }
  if (layers.some(({ stage }) => stage === 'waiting' || stage === 'downloading')) {
    return { phase: 'downloading', currentBytes: sum((layer) => layer.downloadedBytes), totalBytes };
  }
  return { phase: 'extracting', currentBytes: sum((layer) => layer.extractedBytes), totalBytes };
}
