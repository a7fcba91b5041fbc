import { InvalidArgumentError } from 'commander';

import { LOG_STREAMS } from '../../contract/log-streams';
import { RUN_STATES, type RunState } from '../../contract/state';
import { CPU_PATTERN, SIZE_PATTERN } from '../../contract/units';

/** How the values of options are read that several commands have. */

export function wholeFrom(least: number, most = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Write a whole number ${range}.`);
  };
}

/** As a spec has them: a number, or the text of thousandths. */
export function cpus(value: string): number | string {
  if (new RegExp(CPU_PATTERN).test(value)) return value;
  const number = Number(value);
  if (value.trim() !== '' && number >= LEAST_CPUS && number <= MOST_CPUS) return number;
  throw new InvalidArgumentError(
    `Write a number of CPUs from ${LEAST_CPUS} to ${MOST_CPUS}, or thousandths such as 500m.`,
  );
}

const LEAST_CPUS = 0.01;
const MOST_CPUS = 1024;

export function size(value: string): string {
  if (new RegExp(SIZE_PATTERN).test(value)) return value;
  throw new InvalidArgumentError('Write a size with its unit, such as 500m or 4g.');
}

/** For an option that may be given several times, with one state or more, separated by commas. */
export function states(value: string, earlier: RunState[] = []): RunState[] {
  const unknown = value.split(',').find((state) => !(RUN_STATES as readonly string[]).includes(state));
  if (unknown !== undefined) throw new InvalidArgumentError(`Write one of ${RUN_STATES.join(', ')}.`);
  return [...earlier, ...(value.split(',') as RunState[])];
}

export const STREAM_HELP = `only lines of this stream (${LOG_STREAMS.join(', ')}); repeatable`;

/** For an option that may be given several times. */
export function streams(value: string, earlier: string[] = []): string[] {
  if (!(LOG_STREAMS as readonly string[]).includes(value))
    throw new InvalidArgumentError(`Write one of ${LOG_STREAMS.join(', ')}.`);
  return [...earlier, value];
}

/** Here a label is written as everywhere on the command line; the API's filter has a colon. */
export function labelFilter(label: string): string {
  return label.replace('=', ':');
}
