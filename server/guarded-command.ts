/**
 * Runs a program so that it never outlives this process, even one that is killed with SIGKILL.
 *
 * A shell starts the program and a watcher beside it that reads a pipe whose other end this process holds. When the pipe
 * closes, because we closed it or because we are gone, the watcher asks the program to end and kills it after ten
 * seconds. A program of another language cannot be made to watch us itself, and PR_SET_PDEATHSIG is out of reach of Node.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{
  read -r _ <&3
  kill -TERM "$program"
  waited=0
  while [ "$waited" -lt 100 ] && kill -0 "$program"; do sleep 0.1; waited=$((waited + 1)); done
  kill -KILL "$program"
} 2>/dev/null &
watcher=$!
exec 3<&-
wait "$program"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
`;

/** The command line of a guarded program. Spawn it with a pipe as stdin, in a process group of its own. */
export function guardedCommand(program: string, args: readonly string[]): { command: string; args: string[] } {
  return { command: 'sh', args: ['-c', GUARD, 'trainyard-guard', program, ...args] };
}
