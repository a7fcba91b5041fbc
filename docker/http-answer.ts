/** What an answer begins with. */
export interface AnswerHead {
  statusCode: number;
}

/** Reads one answer of HTTP/1.1 out of the bytes of its connection. */
export interface AnswerParser {
  /** Takes the next bytes of the connection; returns what is body in them. */
  push(bytes: Buffer): Buffer;
  /** Null until it has come. */
  readonly head: AnswerHead | null;
  /** True when the body has come whole. */
  readonly isDone: boolean;
  /** The connection has ended; throws where that is in the middle of the answer. */
  end(): void;
}

/** Of a head; an engine's is a few hundred bytes. */
const MAX_HEAD_BYTES = 65_536;
const HEAD_END = '\r\n\r\n';
const SHORT_BYTES = 256;
const CR = 0x0d;
const LF = 0x0a;

/** What the body goes on with. */
type Part = 'head' | 'size' | 'size-end' | 'data' | 'data-end' | 'trailer' | 'rest' | 'done';

interface State {
  part: Part;
  head: AnswerHead | null;
  headBytes: Buffer;
  isChunked: boolean;
  /** Bytes of the body, or of the chunk, that are to come; the size itself while its digits are read. */
  left: number;
  hasDigits: boolean;
  lineIsEmpty: boolean;
}

/**
 * An engine sends each record of a log as a chunk of its own. Node's parser calls into JavaScript for each of them, and a
 * stream keeps a buffer of each, which takes most of the time of a reader of logs. Here the chunks of one read become one
 * run of bytes, without a call or an object for each.
 *
 * @throws an error with a code, as Node's parser does, on what is no such answer.
 */
export function createAnswerParser(): AnswerParser {
  const state: State = {
    part: 'head',
    head: null,
    headBytes: Buffer.alloc(0),
    isChunked: false,
    left: 0,
    hasDigits: false,
    lineIsEmpty: true,
  };
  return {
    push: (bytes) => {
      const at = state.part === 'head' ? takeHead(state, bytes) : 0;
      return state.isChunked ? takeChunks(state, bytes, at) : takePlain(state, bytes, at);
    },
    get head() {
      return state.head;
    },
    get isDone() {
      return state.part === 'done';
    },
    end: () => {
      if (state.part === 'rest' && state.left === Number.POSITIVE_INFINITY) state.part = 'done';
      if (state.part !== 'done') throw failure('ECONNRESET', 'the answer broke off');
    },
  };
}

/** Returns where the body begins in these bytes. */
function takeHead(state: State, bytes: Buffer): number {
  const before = state.headBytes.length;
  state.headBytes = Buffer.concat([state.headBytes, bytes]);
  const end = state.headBytes.indexOf(HEAD_END);
  if (end < 0) {
    if (state.headBytes.length > MAX_HEAD_BYTES) throw failure('HPE_HEADER_OVERFLOW', 'its head does not end');
    return bytes.length;
  }
  readHead(state, state.headBytes.toString('latin1', 0, end));
  state.headBytes = Buffer.alloc(0);
  return end + HEAD_END.length - before;
}

function readHead(state: State, text: string): void {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const statusCode = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(statusCode)) throw failure('HPE_INVALID_CONSTANT', 'it does not begin as an answer does');
  const headers = new Map(lines.map((line) => headerOf(line)));
  const length = headers.get('content-length');
  if (/\bchunked$/i.test(headers.get('transfer-encoding') ?? '')) {
    state.isChunked = true;
    state.part = 'size';
  } else {
    state.left = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
    if (Number.isNaN(state.left)) throw failure('HPE_INVALID_CONTENT_LENGTH', `its length is ${length}`);
    state.part = state.left === 0 ? 'done' : 'rest';
  }
  state.head = { statusCode };
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** A body of a known length, or one that ends with its connection. */
function takePlain(state: State, bytes: Buffer, start: number): Buffer {
  if (state.part !== 'rest') return bytes.subarray(bytes.length);
  const end = Math.min(bytes.length, start + state.left);
  state.left -= end - start;
  if (state.left === 0) state.part = 'done';
  return Buffer.from(bytes.subarray(start, end));
}

/** The bytes are read into memory that is used again, so what is body in them is copied in any case. */
function takeChunks(state: State, bytes: Buffer, start: number): Buffer {
  const body = Buffer.allocUnsafe(bytes.length - start);
  let filled = 0;
  for (let at = start; at < bytes.length && state.part !== 'done';) {
    if (state.part === 'data') {
      const end = Math.min(bytes.length, at + state.left);
      state.left -= end - at;
      // Most chunks are a short line; for these a loop is quicker than the way into the platform's copy.
      if (end - at > SHORT_BYTES) filled += bytes.copy(body, filled, at, end);
      else for (let from = at; from < end; from += 1, filled += 1) body[filled] = bytes[from]!;
      at = end;
      if (state.left === 0) state.part = 'data-end';
    } else {
      takeFraming(state, bytes[at]!);
      at += 1;
    }
  }
  return body.subarray(0, filled);
}

/** One byte of what stands between the data of two chunks: line end, size in hexadecimal, line end. */
function takeFraming(state: State, byte: number): void {
  if (state.part === 'size') {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      state.left = state.left * 16 + digit;
      state.hasDigits = true;
      return;
    }
    if (!state.hasDigits || !Number.isSafeInteger(state.left)) {
      throw failure('HPE_INVALID_CHUNK_SIZE', 'a chunk has no size');
    }
    // What may stand between the size and the end of its line says nothing to us.
    state.part = 'size-end';
  }
  if (state.part === 'size-end') {
    if (byte === LF) beginChunk(state);
  } else if (state.part === 'data-end') {
    if (byte === LF) beginSize(state);
    else if (byte !== CR) throw failure('HPE_STRICT', 'a chunk does not end where it should');
  } else if (byte === LF) {
    if (state.lineIsEmpty) state.part = 'done';
    state.lineIsEmpty = true;
  } else if (byte !== CR) {
    state.lineIsEmpty = false;
  }
}

function beginSize(state: State): void {
  state.part = 'size';
  state.left = 0;
  state.hasDigits = false;
}

/** The one of no bytes is the last; lines may come after it, up to an empty one. */
function beginChunk(state: State): void {
  state.part = state.left === 0 ? 'trailer' : 'data';
}

/** Value of a digit in ASCII; -1 where it is none. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
