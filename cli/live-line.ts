import { visibleLength, withoutColors } from './format';
import type { Io } from './io';

/** One line at the end of the terminal that is redrawn in place, with other lines scrolling above it. */
export interface LiveLine {
  /** What stands in it from now on; nothing happens where there is no terminal. */
  show(text: string): void;
  /** Takes it away while `write` writes whole lines, and draws it again. */
  above(write: () => void): void;
  /** Takes it away for good. */
  end(): void;
}

const CLEAR = '\r\u001b[K';

export function createLiveLine(io: Io): LiveLine {
  let shown = '';
  const draw = (): void => {
    const columns = io.liveColumns();
    if (columns !== null && shown !== '') io.draw(CLEAR + fit(shown, columns - 1));
  };
  const clear = (): void => {
    if (io.liveColumns() !== null && shown !== '') io.draw(CLEAR);
  };
  return {
    show: (text) => {
      shown = text;
      draw();
    },
    above: (write) => {
      clear();
      write();
      draw();
    },
    end: () => {
      clear();
      shown = '';
    },
  };
}

/** A line that wraps could not be cleared again. */
function fit(text: string, columns: number): string {
  return visibleLength(text) <= columns ? text : `${withoutColors(text).slice(0, Math.max(0, columns - 1))}…`;
}
