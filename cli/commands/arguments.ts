import { InvalidArgumentError } from 'commander';

import { RUN_STATES, type RunState } from '../../contract/state';

/** How the values of options are read that several commands have. */

export function wholeFrom(least: number, most = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Write a whole number ${range}.`);
  };
}

/** For an option that may be given several times, with one state or more, separated by commas. */
export function states(value: string, earlier: RunState[] = []): RunState[] {
  const unknown = value.split(',').find((state) => !(RUN_STATES as readonly string[]).includes(state));
  if (unknown !== undefined) throw new InvalidArgumentError(`Write one of ${RUN_STATES.join(', ')}.`);
  return [...earlier, ...(value.split(',') as RunState[])];
}

/** Here a label is written as everywhere on the command line; the API's filter has a colon. */
export function labelFilter(label: string): string {
  return label.replace('=', ':');
}
