import { parse, YAMLParseError } from 'yaml';

import type { PlaceOptions } from './commands/place-options';
import { UsageError } from './errors';

export interface SubmissionOptions extends PlaceOptions {
  recipe?: string;
  name?: string;
  param?: string[];
  set?: string[];
  label?: string[];
  /** Whose run it is where neither the file nor an option says so. */
  user?: string | undefined;
}

type Json = Record<string, unknown>;

/**
 * What is sent to the server: the file, or the recipe's name, with the options over it. Nothing is checked here that the
 * server checks, which knows better and says where the fault is.
 *
 * @throws {UsageError} if the file is neither YAML nor JSON, or an option has no `=`.
 */
export function buildSubmission(fileText: string | null, options: SubmissionOptions): Json {
  const submission = fileText === null ? {} : parseDocument(fileText);
  if (options.recipe !== undefined) submission['recipe'] = options.recipe;
  if (options.name !== undefined) submission['name'] = options.name;
  placeIn(submission, options);
  for (const pair of options.param ?? []) setPath(submission, ['params', ...one(pair, '-p')], value(pair));
  for (const pair of options.label ?? []) setPath(submission, ['labels', ...one(pair, '--label')], rawValue(pair));
  for (const pair of options.set ?? []) {
    const path = keyOf(pair, '--set').split('.');
    if (path[0] === 'policy' && path.length > 1) keepPolicyName(submission);
    setPath(submission, path, value(pair));
  }
  const { user } = options;
  if (user !== undefined && OWNER.test(user) && submission['owner'] === undefined) submission['owner'] = user;
  return submission;
}

/** Not every name that a machine has for its user is one of an owner; such a user is nobody until --owner says who. */
const OWNER = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/;

/** Where each option goes. */
const PLACES: readonly [keyof PlaceOptions, readonly string[]][] = [
  ['pool', ['pool']],
  ['project', ['project']],
  ['owner', ['owner']],
  ['priority', ['priority']],
  ['preemptible', ['preemptible']],
  ['nodes', ['nodes']],
  ['cpus', ['resources', 'cpus']],
  ['memory', ['resources', 'memory']],
  ['gpus', ['resources', 'gpus']],
  ['gpuModel', ['resources', 'gpuModel']],
  ['gpuMemory', ['resources', 'gpuMemory']],
  ['host', ['placement', 'host']],
];

function placeIn(submission: Json, options: PlaceOptions): void {
  for (const [option, path] of PLACES) {
    if (options[option] !== undefined) setPath(submission, path, options[option]);
  }
  for (const pair of options.hostLabel ?? []) {
    setPath(submission, ['placement', 'labels', ...one(pair, '--host-label')], rawValue(pair));
  }
}

function parseDocument(text: string): Json {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new UsageError(
      `The file is neither YAML nor JSON: ${error instanceof YAMLParseError ? error.message.trim() : String(error)}`,
    );
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new UsageError('The file does not hold a run spec; write fields such as "image: trainyard/digits:1".');
  }
  return document as Json;
}

/** What is set below a policy that is only a name goes over the named one, and does not take its place. */
function keepPolicyName(submission: Json): void {
  if (typeof submission['policy'] === 'string') submission['policy'] = { use: submission['policy'] };
}

function setPath(target: Json, path: readonly string[], leaf: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    Object.defineProperty(target, key, { value: leaf, enumerable: true, configurable: true, writable: true });
    return;
  }
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  const next = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Json) : {};
  setPath(target, [key], next);
  setPath(next, rest, leaf);
}

function one(pair: string, option: string): [string] {
  return [keyOf(pair, option)];
}

function keyOf(pair: string, option: string): string {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`${option} ${pair}: write a name and a value, such as ${option} epochs=3.`);
  return pair.slice(0, at);
}

function rawValue(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1);
}

/** A number, true, false, a list or an object where it reads as one in YAML; the text itself otherwise. */
function value(pair: string): unknown {
  const text = rawValue(pair);
  try {
    return (parse(text) as unknown) ?? text;
  } catch {
    return text;
  }
}
