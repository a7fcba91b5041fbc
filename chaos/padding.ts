import type { PrintedLine } from './check/facts';

/**
 * What makes a line long: numbered blocks, each of which tells the execution, stream and number of its line and its own place in
 * it. So a piece that is missing, comes twice or is another line's breaks their sequence; container/print-lines.py prints the same.
 *
 * As a line is up to 60 KB long and is kept several times over, it is kept folded: each run of blocks in sequence is one mark. A
 * text that is folded can be had back, so two texts are the same where they are the same folded.
 */
const BLOCK = /([0-9a-f]{8}[oe](?:0|[1-9]\d{0,8}))\.(0|[1-9]\d{0,8}),/g;
const MARK = /⟦(?:⟧|(\w+)\.(\d+)-(\d+)⟧)/g;
const LITERAL_BRACKET = '⟦⟧';

/** @returns the padding of so many blocks, folded. */
export function foldedPadding(nonce: string, stream: PrintedLine['stream'], number: number, blocks: number): string {
  return mark({ owner: `${nonce}${stream === 'stdout' ? 'o' : 'e'}${number}`, first: 0, last: blocks - 1 });
}

/** Blocks of one line in sequence. */
interface Run {
  owner: string;
  first: number;
  last: number;
}

const mark = ({ owner, first, last }: Run): string => `⟦${owner}.${first}-${last}⟧`;

export function fold(text: string): string {
  const parts: string[] = [];
  const keep = (between: string): void => void parts.push(between.replaceAll('⟦', LITERAL_BRACKET));
  let run: Run | null = null;
  let end = 0;
  for (const { 0: block, 1: owner = '', 2: digits, index } of text.matchAll(BLOCK)) {
    const place = Number(digits);
    if (run !== null && index === end && owner === run.owner && place === run.last + 1) run.last = place;
    else {
      if (run !== null) parts.push(mark(run));
      keep(text.slice(end, index));
      run = { owner, first: place, last: place };
    }
    end = index + block.length;
  }
  if (run !== null) parts.push(mark(run));
  keep(text.slice(end));
  return parts.join('');
}

export function unfold(folded: string): string {
  return folded.replace(MARK, (_, owner: string | undefined, first: string, last: string) => {
    if (owner === undefined) return '⟦';
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: count }, (_block, index) => `${owner}.${Number(first) + index},`).join('');
  });
}
