/** Exit codes of `trainyard`, the same for every command. */
export const EXIT = {
  ok: 0,
  /** The followed run failed, or a check of `doctor` did. */
  failed: 1,
  /** The command line or the input was refused. */
  refused: 2,
  /** The followed run was cancelled. */
  cancelled: 3,
  /** The server could not be reached, or was lost. */
  unreachable: 4,
  /** Ctrl-C. What was started goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `
Exit codes:
  0    done; with --follow: the run succeeded
  1    with --follow: the run failed (its own exit code is in the text); doctor: a check failed;
       suspend --wait: a run came to its end instead
  2    the command line or the input was refused
  3    with --follow: the run was cancelled
  4    the server cannot be reached, or was lost
  130  Ctrl-C; a run that was followed goes on`;
