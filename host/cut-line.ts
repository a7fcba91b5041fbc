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
  /** Takes a stored line; true where it is a part of this one, and the engine has told of it. */
  store(line: KnownLine): boolean;
  /** True where its place among the stored lines is found. */
  isPlaced(): boolean;
  /** True where all that was told is stored. */
  isStored(): boolean;
  /** True where the engine has more of it to tell. */
  goesOn(): boolean;
  /** What was told and is not stored; it counts as stored from then on. */
  takeRest(): T[];
}

/** @param first what the engine told first of a stream. */
export function createCutLine<T extends KnownLine>(first: T, sizes: LineSizes): CutLine<T> {
  let last = first;
  /** Told and not stored. */
  let ahead = first.text;
  /** Stored and not told yet. */
  let behind = '';
  /** What is stored of the line before its place is found, as much as may have been told; null where nothing is. */
  let before: string | null = null;
  let isPlaced = false;

  const has = ({ time, stream }: KnownLine): boolean => time === first.time && stream === first.stream;

  return {
    has,
    tell: (part) => {
      last = part;
      [ahead, behind] = apart(ahead + part.text, behind);
    },
    store: (part) => {
      if (!has(part)) return false;
      [ahead, behind] = apart(ahead, behind + part.text);
      if (isPlaced && (ahead === '' || behind === '')) return true;
      const place = placeOf(part, { first, before, sizes });
      isPlaced = place !== null;
      ahead = first.text.slice(place?.told ?? 0);
      behind = place?.behind ?? '';
      before = endOf((before ?? '') + part.text, first.text.length);
      return isPlaced;
    },
    isPlaced: () => isPlaced,
    isStored: () => isPlaced && ahead === '',
    goesOn: () => isFullPart(last, sizes),
    takeRest: () => {
      if (isPlaced && ahead === '') return [];
      const rest = ahead === last.text ? last : { ...last, text: ahead, midLine: true, firstPart: false };
      ahead = '';
      return [rest];
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
  /** The end of the parts before the stored one; null where it is the first of its line. Not every part is full: see {@link CutLine.takeRest}. */
  before: string | null;
  sizes: LineSizes;
}

/** How many characters the engine begins with that are stored, and what is stored after them; null where it begins elsewhere. */
function placeOf(part: KnownLine, { first, before, sizes }: Placing): { told: number; behind: string } | null {
  const stored = (before ?? '') + part.text;
  const within = isFullPart(first, sizes) ? stored.indexOf(first.text) : -1;
  if (within >= 0) return { told: first.text.length, behind: stored.slice(within + first.text.length) };
  const overlap = isSame(part, first) ? first.text.length : overlapOf(stored, first.text);
  const missingBytes = Buffer.byteLength(stored.slice(0, stored.length - overlap));
  // Only a line that is stored in parts goes on, and one of a single record is there as a whole.
  const isPlace = isFullPart(part, sizes)
    ? overlap >= Math.min(sizes.leastOverlap, first.text.length)
    : overlap === first.text.length && (before !== null || missingBytes === 0 || missingBytes >= sizes.pieceBytes);
  return isPlace ? { told: overlap, behind: '' } : null;
}

const endOf = (text: string, length: number): string => text.slice(Math.max(0, text.length - length));

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
