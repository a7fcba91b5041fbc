import { MAX_LINE_BYTES } from './line-assembler';

/** What a line is known by when it comes a second time: the engine gives a line the same time each time. */
export interface KnownLine {
  time: string;
  stream: string;
  text: string;
  midLine?: boolean;
  firstPart?: boolean;
}

export interface LineSizes {
  /** An engine cuts longer lines into pieces, each a record, so it never throws away less of the beginning of a line. */
  pieceBytes: number;
  /** Longer lines are stored in parts. */
  partBytes: number;
  /** Two parts of a line that have less in common than so many characters may have it by chance. */
  leastOverlap: number;
}

export const LINE_SIZES: LineSizes = { pieceBytes: 16 * 1024, partBytes: MAX_LINE_BYTES, leastOverlap: 64 };

/** A part ends before a character that it would cut in two. */
const CHARACTER_BYTES = 4;

/**
 * A line whose beginning the engine may have thrown away: an engine throws away records, and a long line is several. All that
 * is left of it has the time of the line. Where it is so long that it is stored in parts, those of what is left are cut at other
 * places than the stored ones, and only the texts of both, one part after another, are the same.
 */
export interface CutLine<T> {
  /** True where it is (a part of) this line. */
  has(line: KnownLine): boolean;
  /** Takes the next part that the engine tells. */
  tell(part: T): void;
  /**
   * Takes a stored line; true where it is a part of this one, and the engine has told of it.
   *
   * @param before the one before it of its stream, where that is a part of a line.
   */
  store(line: KnownLine, before?: KnownLine): boolean;
  /** True where its place among the stored lines is found. */
  isPlaced(): boolean;
  /** True where all that was told is stored. */
  isStored(): boolean;
  /** True where the engine has more of it to tell. */
  goesOn(): boolean;
  /** What was told and is not stored. */
  rest(): T[];
}

/** @param first what the engine told first of a stream. */
export function createCutLine<T extends KnownLine>(first: T, sizes: LineSizes): CutLine<T> {
  let last = first;
  /** Told and not stored. */
  let ahead = first.text;
  /** Stored and not told yet. */
  let behind = '';
  let isPlaced = false;

  const has = ({ time, stream }: KnownLine): boolean => time === first.time && stream === first.stream;

  return {
    has,
    tell: (part) => {
      last = part;
      [ahead, behind] = apart(ahead + part.text, behind);
    },
    store: (part, before) => {
      if (!has(part)) return false;
      [ahead, behind] = apart(ahead, behind + part.text);
      if (isPlaced && (ahead === '' || behind === '')) return true;
      const told = toldBy(part, { first, isLater: before !== undefined && has(before), sizes });
      isPlaced = told !== null;
      ahead = first.text.slice(told ?? 0);
      behind = '';
      return isPlaced;
    },
    isPlaced: () => isPlaced,
    isStored: () => isPlaced && ahead === '',
    goesOn: () => isFullPart(last, sizes),
    rest: () => {
      if (isPlaced && ahead === '') return [];
      return [ahead === last.text ? last : { ...last, text: ahead, midLine: true, firstPart: false }];
    },
  };
}

/** What is left of two texts without what both begin with; both are as they were where one is not the beginning of the other. */
function apart(one: string, other: string): [string, string] {
  const length = Math.min(one.length, other.length);
  const isSame = one.slice(0, length) === other.slice(0, length);
  return isSame ? [one.slice(length), other.slice(length)] : [one, other];
}

interface Placing {
  first: KnownLine;
  /** True where the stored line is not the first part of its line. */
  isLater: boolean;
  sizes: LineSizes;
}

/** How many characters the engine begins with that a stored line ends with; null where it begins elsewhere. */
function toldBy(stored: KnownLine, { first, isLater, sizes }: Placing): number | null {
  const overlap = isSame(stored, first) ? first.text.length : overlapOf(stored.text, first.text);
  const missingBytes = Buffer.byteLength(stored.text.slice(0, stored.text.length - overlap));
  // Only a line that is stored in parts goes on, and one of a single record is there as a whole.
  const isPlace = isFullPart(stored, sizes)
    ? overlap >= Math.min(sizes.leastOverlap, first.text.length)
    : overlap === first.text.length && (isLater || missingBytes === 0 || missingBytes >= sizes.pieceBytes);
  return isPlace ? overlap : null;
}

/** True for a part of a line that goes on in another. */
export function isFullPart({ text }: KnownLine, { partBytes }: LineSizes): boolean {
  return Buffer.byteLength(text) > partBytes - CHARACTER_BYTES;
}

export function isSame(one: KnownLine, other: KnownLine): boolean {
  return one.time === other.time && one.stream === other.stream && one.text === other.text;
}

/** How long the longest end of one text is that the other begins with; after Knuth, Morris and Pratt. */
function overlapOf(one: string, other: string): number {
  const borders = new Int32Array(other.length);
  const grow = (length: number, character: string | undefined): number => {
    let border = length;
    while (border > 0 && (border === other.length || other[border] !== character)) border = borders[border - 1]!;
    return other[border] === character ? border + 1 : border;
  };
  for (let at = 1; at < other.length; at += 1) borders[at] = grow(borders[at - 1]!, other[at]);
  let length = 0;
  for (let at = Math.max(0, one.length - other.length); at < one.length; at += 1) length = grow(length, one[at]);
  return length;
}
