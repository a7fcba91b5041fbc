import { connect, type Socket } from 'node:net';

import type { EngineAddress } from './docker-host';
import { createAnswerParser, type AnswerParser } from './http-answer';
import { KEEP_ALIVE } from './keep-alive';
import { createSilenceLimit, type SilenceLimit } from './silence-limit';

/** Opens answers that are read without Node's HTTP client, each over a connection of its own. */
export interface LogConnections {
  /**
   * Sends a GET and resolves when the head of the answer has come.
   *
   * @param silenceMs where nothing comes for so long, although it is waited for, the engine does not answer any more; absent
   *   for an answer that may be silent for ever.
   * @throws an error with a `statusCode` where the engine refuses, with a `code` where it does not answer, and the reason of
   *   `signal`.
   */
  open(path: string, signal: AbortSignal, silenceMs?: number): Promise<AnswerBody>;
  /** Ends all that is still open. */
  close(): void;
}

/** The body of an answer. */
export interface AnswerBody {
  /** What has come since, once there is something; null at the end. It is not asked for earlier. */
  next(): Promise<Buffer | null>;
  /** Ends the connection. */
  close(): void;
}

/**
 * All reading is synchronous and what comes is copied at once, so that one piece of memory does for all connections of the
 * process; a follow at rest, of which there may be a thousand, holds none.
 */
const READ_BYTES = 65_536;
const readMemory = Buffer.allocUnsafeSlow(READ_BYTES);

/** So much is worth the way to whoever waits for it, and to the disk. */
const WORTHWHILE_BYTES = 65_536;
/**
 * What is less waits for more. An engine writes each record by itself, so a reader that is quicker would be woken for each
 * and take from the engine, which is short of processors, what it does not need. In the first of these times hardly any
 * container fills the socket; where little came in it, lines that a program prints one by one have the second to come together.
 * Nobody who watches a log sees it.
 */
const LINGER_MS = 1;
const LINGER_ON_MS = 9;
/** Where so much came in one of them, it is a flood, and more of it is waited for, in short times. */
const FLOOD_BYTES = 4_096;
/** Of the text of an engine that refuses. */
const MAX_REFUSAL_BYTES = 65_536;

export function createLogConnections(address: EngineAddress): LogConnections {
  const sockets = new Set<Socket>();
  return {
    open: async (path, signal, silenceMs) => {
      signal.throwIfAborted();
      const reading = startReading(address, path, signal, silenceMs);
      sockets.add(reading.socket);
      reading.socket.once('close', () => sockets.delete(reading.socket));
      try {
        return await opened(reading);
      } catch (error) {
        reading.socket.destroy();
        throw error;
      }
    },
    close: () => {
      const closed = Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
      for (const socket of sockets) socket.destroy(closed);
    },
  };
}

/** One answer as it comes. */
interface Reading {
  socket: Socket;
  parser: AnswerParser;
  /** Body that nobody has taken yet. */
  pieces: Buffer[];
  bytes: number;
  /** Set at the end; what came before is given out first. */
  ended: { error: Error | null } | null;
  linger: NodeJS.Timeout | undefined;
  /** True when what has come has waited for more. */
  hasLingered: boolean;
  silence: SilenceLimit;
  /** Wakes whoever waits for news. */
  wake: () => void;
}

function startReading(address: EngineAddress, path: string, signal: AbortSignal, silenceMs?: number): Reading {
  const onread = { buffer: readMemory, callback: (length: number): boolean => take(reading, length) };
  const place = 'socketPath' in address ? { path: address.socketPath } : { ...address, ...KEEP_ALIVE };
  const socket = connect({ ...place, onread });
  const silence = createSilenceLimit(silenceMs, () => void socket.destroy(silentFor(silenceMs)));
  const none = { pieces: [], bytes: 0, ended: null, linger: undefined, hasLingered: false, wake: () => {} };
  const reading: Reading = { socket, parser: createAnswerParser(), silence, ...none };
  const abort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  socket.once('error', (error) => end(reading, error));
  socket.once('end', () => endWhole(reading));
  socket.once('close', () => {
    signal.removeEventListener('abort', abort);
    endWhole(reading);
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n`);
  return reading;
}

/** Takes what was read; false where no more is to be read until somebody asks. */
function take(reading: Reading, length: number): boolean {
  const { parser } = reading;
  const hadHead = parser.head !== null;
  reading.silence.heard();
  try {
    const body = parser.push(readMemory.subarray(0, length));
    if (body.length > 0) reading.pieces.push(body);
    reading.bytes += body.length;
  } catch (error) {
    reading.socket.destroy();
    end(reading, error as Error);
    return false;
  }
  if (parser.isDone) {
    end(reading, null);
    return false;
  }
  if (isReady(reading) || (!hadHead && parser.head !== null)) reading.wake();
  else if (reading.bytes === 0) return true;
  else linger(reading);
  return false;
}

/** True where whoever asks need wait no longer. */
function isReady({ bytes, hasLingered, ended }: Reading): boolean {
  return ended !== null || bytes >= WORTHWHILE_BYTES || (bytes > 0 && hasLingered);
}

/** Waits for more of what has come, again and again while it is a flood. */
function linger(reading: Reading, ms = LINGER_MS): void {
  if (reading.linger !== undefined) return;
  const before = reading.bytes;
  const timer = setTimeout(() => {
    reading.socket.resume();
    // The event loop reads what lies in the socket by now before it comes to this.
    setImmediate(() => {
      if (reading.linger !== timer) return;
      reading.linger = undefined;
      const isFlood = reading.bytes - before >= FLOOD_BYTES;
      if (!isReady(reading) && (isFlood || ms === LINGER_MS))
        return linger(reading, isFlood ? LINGER_MS : LINGER_ON_MS);
      reading.hasLingered = true;
      reading.wake();
    });
  }, ms);
  reading.linger = timer;
}

function silentFor(silenceMs: number | undefined): Error {
  return Object.assign(new Error(`nothing came for ${silenceMs} ms`), { code: 'ETIMEDOUT' });
}

/** The connection has ended by itself. */
function endWhole(reading: Reading): void {
  try {
    reading.parser.end();
    end(reading, null);
  } catch (error) {
    end(reading, error as Error);
  }
}

function end(reading: Reading, error: Error | null): void {
  reading.ended ??= { error };
  reading.wake();
}

async function opened(reading: Reading): Promise<AnswerBody> {
  while (reading.parser.head === null) {
    if (reading.ended !== null) throw reading.ended.error ?? new Error('an answer without a head');
    await news(reading);
  }
  const { statusCode } = reading.parser.head;
  if (statusCode !== 200) throw await refusal(reading, statusCode);
  return { next: () => next(reading), close: () => void reading.socket.destroy() };
}

/** Reads on until there may be news. */
function news(reading: Reading): Promise<void> {
  return new Promise((resolve) => {
    reading.silence.begin();
    reading.wake = () => {
      reading.silence.end();
      resolve();
    };
    reading.socket.resume();
    if (reading.bytes > 0) linger(reading);
  });
}

async function next(reading: Reading): Promise<Buffer | null> {
  while (!isReady(reading)) await news(reading);
  clearTimeout(reading.linger);
  reading.linger = undefined;
  reading.hasLingered = false;
  if (reading.bytes > 0) return takeAll(reading);
  if (reading.ended !== null && reading.ended.error !== null) throw reading.ended.error;
  return null;
}

function takeAll(reading: Reading): Buffer {
  const { pieces, bytes } = reading;
  reading.pieces = [];
  reading.bytes = 0;
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, bytes);
}

/** What an engine says that does not give a log. */
async function refusal(reading: Reading, statusCode: number): Promise<Error> {
  const texts: Buffer[] = [];
  for (let size = 0; size < MAX_REFUSAL_BYTES;) {
    const text = await next(reading);
    if (text === null) break;
    texts.push(text);
    size += text.length;
  }
  return Object.assign(new Error(messageOf(Buffer.concat(texts).toString('utf8'))), { statusCode });
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}
