import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

import { type PartName, PARTS } from './plan/blows';

export interface ChaosOptions {
  seed: string;
  rounds: number;
  /** Runs that are kept alive. */
  live: number;
  freezeMs: number;
  /** How long the longest run prints, in seconds. */
  longestSeconds: number;
  parts: PartName[];
  /** Keeps logs, data and facts also where all went well. */
  keep: boolean;
}

/** A command line that cannot be; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Usage: script/chaos [options]

Kills and freezes every part of a Trainyard of its own under live runs, and checks that nothing was lost or done twice.

  --rounds N     rounds; each kills every part once and freezes one of them (default 3)
  --seed TEXT    repeats the plan of another time (default: a new one, which is printed first)
  --runs N       runs that are kept alive (default 20)
  --freeze N     seconds for which a part is frozen (default 40)
  --longest N    seconds for which the longest run prints (default 60)
  --only PARTS   of ${PARTS.join(',')}: the parts to hurt, separated by commas (default all)
  --keep         keeps logs, data and facts also where all went well
  --help         this text

Exit code: 0 where nothing was found, 1 where something was (then logs, data and facts are kept), 2 for a wrong option.
`;

/**
 * Null where the help was asked for.
 *
 * @throws {UsageError}
 */
export function parseOptions(args: readonly string[]): ChaosOptions | null {
  const values = readValues(args);
  if (values.help === true) return null;
  return {
    seed: values.seed ?? randomBytes(4).toString('hex'),
    rounds: whole('rounds', values.rounds, 3),
    live: whole('runs', values.runs, 20),
    freezeMs: whole('freeze', values.freeze, 40) * 1000,
    longestSeconds: whole('longest', values.longest, 60),
    parts: partsOf(values.only),
    keep: values.keep === true,
  };
}

function readValues(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = {
      rounds: text,
      seed: text,
      runs: text,
      freeze: text,
      longest: text,
      only: text,
      keep: flag,
      help: flag,
    };
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function whole(option: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!/^[1-9]\d{0,5}$/.test(value))
    throw new UsageError(`--${option} must be a whole number from 1 on; got "${value}"`);
  return Number(value);
}

function partsOf(value: string | undefined): PartName[] {
  if (value === undefined) return [...PARTS];
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new UsageError(`--only knows ${PARTS.join(', ')}; got "${unknown}"`);
  return PARTS.filter((part) => names.includes(part));
}
