import type { Fault } from './fault';
import { joinPath } from './path';
import type { RunSpec } from './spec';
import type { RuleChange } from './spec-retries';
import { LARGEST_SIZE, parseSize } from './units';

/** What a rule changes before the next attempt, read from its text. */
export interface Change {
  target: 'memory' | 'shm' | 'env' | 'params';
  /** Name of the variable or parameter; empty for the resources. */
  name: string;
  /** Field of the spec, such as `resources.memory`. */
  path: string;
  direction: 'up' | 'down';
  /** More than 1: times that, or divided by it. */
  factor: number;
  /** What it never passes; bytes for memory and shm. */
  bound: number;
}

/** The number in a spec that a change is made to; bytes for memory and shm. */
export type StartValue = number | 'missing' | 'no-number';

type Target = Change['target'];

const TARGETS: Target[] = ['memory', 'shm', 'env', 'params'];

/** A change as its rule writes it, or every fault of it with its path in the `change`. */
export function readChange(written: RuleChange): { change: Change } | { faults: Fault[] } {
  const targets = TARGETS.filter((target) => written[target] !== undefined);
  const [target] = targets;
  if (target === undefined || targets.length > 1) return { faults: [{ path: '', message: targetMessage(targets) }] };
  const [name, text] = factorOf(written, target);
  const path = isSize(target) ? target : joinPath(target, name);
  const direction = text.startsWith('/') ? 'down' : 'up';
  const factor = Number(text.slice(1));
  const bound = readBound(written, target, direction);
  const faults = [...factorFaults(path, text, target), ...bound.faults];
  if (faults.length > 0) return { faults };
  const field = isSize(target) ? `resources.${target}` : path;
  return { change: { target, name, path: field, direction, factor, bound: bound.value } };
}

/** Where a change begins in a spec. */
export function startOf({ target, name }: Change, spec: Pick<RunSpec, 'resources' | 'params' | 'env'>): StartValue {
  if (isSize(target)) return parseSize(spec.resources[target]);
  const values: Readonly<Record<string, unknown>> = spec[target];
  if (!Object.hasOwn(values, name)) return 'missing';
  const value = values[name];
  if (target === 'params') return typeof value === 'number' ? value : 'no-number';
  return NUMBER.test(String(value)) && Number.isFinite(Number(value)) ? Number(value) : 'no-number';
}

export function isSize(target: Target): target is 'memory' | 'shm' {
  return target === 'memory' || target === 'shm';
}

/** A variable is a text; this is one that a program would read as a number. */
const NUMBER = /^[+-]?\d{1,16}(\.\d{1,16})?(e[+-]?\d{1,3})?$/i;

function targetMessage(targets: Target[]): string {
  const choice = 'one of `memory`, `shm`, `env` and `params`';
  const found = targets.map((target) => `\`${target}\``).join(' and ');
  return targets.length === 0
    ? `must name what to change: ${choice}; write such as { memory: "x1.5", upTo: "32g" }`
    : `must change ${choice}; got ${found}; leave all but one out`;
}

function factorOf(written: RuleChange, target: Target): [name: string, text: string] {
  const factor = written[target];
  if (typeof factor === 'string') return ['', factor];
  return Object.entries(factor ?? {})[0] ?? ['', ''];
}

function factorFaults(path: string, text: string, target: Target): Fault[] {
  if (Number(text.slice(1)) > 1) return [];
  const mend = isSize(target) ? 'it can only grow; write such as "x1.5"' : 'write "x2" to double it, "/2" to halve it';
  return [{ path, message: `must be more than 1, which would change nothing; got "${text}"; ${mend}` }];
}

function readBound(written: RuleChange, target: Target, direction: Change['direction']): Bound {
  const [right, wrong] = direction === 'up' ? (['upTo', 'downTo'] as const) : (['downTo', 'upTo'] as const);
  const goes = direction === 'up' ? 'goes up' : 'goes down';
  const faults: Fault[] = [];
  if (written[wrong] !== undefined) {
    faults.push({ path: wrong, message: `does not fit a change that ${goes}; leave it out, and write \`${right}\`` });
  }
  const bound = written[right];
  if (bound === undefined) {
    const example = isSize(target) ? '"32g"' : '64';
    faults.push({ path: right, message: `is missing: a change has a bound; write such as ${right}: ${example}` });
  }
  if (faults.length > 0 || bound === undefined) return { value: 0, faults };
  return isSize(target) ? sizeBound(right, bound) : numberBound(right, bound);
}

interface Bound {
  value: number;
  faults: Fault[];
}

function sizeBound(path: string, bound: string | number): Bound {
  if (typeof bound === 'number') {
    return { value: 0, faults: [{ path, message: `must be a size; got ${bound}; write such as "32g"` }] };
  }
  const value = parseSize(bound);
  const faults = value <= LARGEST_SIZE ? [] : [{ path, message: `must be at most 64t; got "${bound}"` }];
  return { value, faults };
}

function numberBound(path: string, bound: string | number): Bound {
  if (typeof bound === 'number') return { value: bound, faults: [] };
  return { value: 0, faults: [{ path, message: `must be a number; got "${bound}"; sizes are for memory and shm` }] };
}
