/**
 * How text of foreign programs is written to a terminal. A training may print whatever it likes; what is stored of it, and
 * what a pipe gets, is that. A terminal would obey it: move the cursor over other lines, set its title, fill the clipboard.
 */

// oxlint-disable no-control-regex -- control characters are what is looked for

/** A whole sequence that moves the cursor, clears, or sets something up: `ESC [`, parameters, a letter. */
const SEQUENCE = /\u001b\[[0-?]*[ -/]*[@-~]/g;
const COLOR = /^\u001b\[[\d:;]*m$/;
/** Every control character but the tab, the line's end, and what begins a colour. */
const CONTROL = /\u001b(?!\[[\d:;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g;

/** Lines as a terminal can take them: colours stay, other sequences are left out, and what is left of controls is made visible. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(SEQUENCE, (sequence) => (COLOR.test(sequence) ? sequence : ''))
    .replace(CONTROL, pictureOf);
}

/**
 * Of a line that was written over again and again, as a progress bar is, the last state, which is what a terminal would
 * show in the end.
 */
export function lastState(text: string): string {
  const states = text.split('\r');
  const last = states.findLastIndex((state) => state.replace(SEQUENCE, '') !== '');
  return states.slice(Math.max(0, last)).join('');
}

const PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(PICTURES + code);
  if (code === 0x7f) return PICTURE_OF_DELETE;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
