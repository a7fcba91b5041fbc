/** The terminal, as far as a command sees it. */
export interface Io {
  /** What was asked for: results and the lines of trainings. */
  out: (text: string) => void;
  /** What is said about it: states, hints, errors. */
  err: (text: string) => void;
  /** The same, with the sequences that redraw a terminal, which `out` and `err` let none of through to one. */
  draw: (text: string) => void;
  /** Whether `out` is a terminal, which shows of a line that was written over the last state. */
  isTerminal: boolean;
  /** Null where the output of `err` is no terminal that can be redrawn; else its width in characters, as it is now. */
  liveColumns: () => number | null;
  /** Whether to use colours in what goes to `out`. */
  colors: boolean;
  /** Whether to use colours in what goes to `err`. */
  errColors: boolean;
  /** Reads all of standard input. */
  readInput: () => Promise<string>;
  /** Aborted by Ctrl-C once a command has called {@link Io.catchInterrupt}. */
  interrupted: AbortSignal;
  /** From now on Ctrl-C does not end the process but aborts {@link Io.interrupted}; a second one ends it. */
  catchInterrupt: () => void;
}
