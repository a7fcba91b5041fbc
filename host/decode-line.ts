const REPLACEMENT = '\uFFFD';

export interface DecodedLine {
  text: string;
  /** Bytes that were no UTF-8; each stands as U+FFFD. */
  badBytes: number;
}

/**
 * Decodes one whole line. The json-file log of an engine is JSON, so the engine itself has put one U+FFFD for each bad byte
 * already, and for the halves of a character that its own cut of a line at 16 KiB went through; what bad bytes reach us
 * all the same the platform's decoder replaces. One U+FFFD that the program printed itself looks like any other and counts
 * too, so the number tells the same before and after a restart.
 */
export function decodeLine(bytes: Buffer): DecodedLine {
  const text = bytes.toString('utf8');
  return { text, badBytes: countReplacements(text) };
}

/** How many U+FFFD a text holds. */
export function countReplacements(text: string): number {
  let count = 0;
  for (let at = text.indexOf(REPLACEMENT); at !== -1; at = text.indexOf(REPLACEMENT, at + 1)) count += 1;
  return count;
}
