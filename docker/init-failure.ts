/**
 * What the init process of a container says when it cannot execute the command. A container of ours starts with an init, so
 * a command that does not exist is no error of the start: it is an exit code, 127 or 126, and a line on stderr.
 */
const INIT_FAILURE = /^\[FATAL tini \(\d+\)\] exec (.+) failed: (.+)$/;

/** The same of what starts a local process (process/launch), in the language that programs speak without settings. */
const ENV_FAILURE = /^env: '(.+)': (.+)$/;

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * Tells whether a container ended because its command cannot be run; a program that ends with 126 or 127 of its own accord is
 * something else.
 *
 * @param lastLines of the log, oldest first; the line of the init is the last that there is.
 * @returns what is wrong with the command, such as `train.py: No such file or directory`; null where it was run.
 */
export function commandNotRunnable(exitCode: number, lastLines: readonly string[]): string | null {
  if (exitCode !== NOT_EXECUTABLE && exitCode !== NOT_FOUND) return null;
  const last = lastLines.at(-1) ?? '';
  const [, command, reason] = INIT_FAILURE.exec(last) ?? ENV_FAILURE.exec(last) ?? [];
  return command === undefined ? null : `${command}: ${reason}`;
}
