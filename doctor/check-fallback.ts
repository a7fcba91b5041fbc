import type { Config } from '../config/config';
import type { Machine } from '../process/machine';
import { fail, type Finding, ok, warn } from './finding';

/** What becomes of runs while the engine stays away; nothing where they simply wait, as is the default. */
export function checkFallback({ fallback, fallbackAfter }: Config['host'], machine: Machine): Finding[] {
  if (fallback === 'none') return [];
  const what = 'Fallback';
  if (machine.problem !== null) {
    return [fail(what, `host.fallback is "process", and ${machine.problem}.`, 'Until then the worker does not start.')];
  }
  const finding = `While the engine stays away for more than ${fallbackAfter}, runs are local processes of this machine, without image and container, if its pool allows that as well (\`trainyard pools set fallback=process\`; it does not by default).`;
  if (machine.cgroups !== null) return [ok(what, finding)];
  return [
    warn(
      what,
      `${finding} There are no control groups that Trainyard may make: it cannot limit their CPUs and number of processes, and memory only for each process alone.`,
      'Mount control groups with the memory, cpu and pids controllers, and let root write to them.',
    ),
  ];
}
