import type { TSchema } from '@sinclair/typebox';
import { Value, ValueErrorType, type ValueError } from '@sinclair/typebox/value';

import { checkWords } from './check-words';
import { counted } from './counted';
import { describeValue, nameType } from './describe-value';
import type { Fault } from './fault';
import { nearest } from './nearest';
import { pathFromPointer, shorten } from './path';

/** How the faults of a shape are worded where the general wording will not do. */
export interface ShapeWording {
  /** Message for what stands at a path, instead of what the schema says; undefined leaves it to the schema. */
  instead?: (path: string, value: unknown) => string | undefined;
  /** Where a field that is unknown at its place belongs; undefined where nobody knows. */
  belongs?: (key: string) => string | undefined;
  /** True where values are secret and only their type may be shown. */
  hidden?: (path: string) => boolean;
}

/** More than anybody reads, and enough to be sure that the input is meant to be something else. */
const MOST_FAULTS = 100;

/** Every place where an input departs from a schema, one fault each, in the words of the schema's `mend`; the first 100 at most. */
export function checkShape(schema: TSchema, input: unknown, wording: ShapeWording = {}): Fault[] {
  const messages = new Map<string, string>();
  for (const error of errorsIn(schema, input)) {
    if (messages.size >= MOST_FAULTS) break;
    const path = pathFromPointer(error.path);
    if (messages.has(path)) continue;
    messages.set(path, wording.instead?.(path, error.value) ?? messageFor(schema, error, path, wording));
  }
  for (const { path, message } of checkWords(schema, input)) messages.set(path, message);
  return [...messages].map(([path, message]) => ({ path, message }));
}

/** Of a choice between an object and something else, such as null, an object has the faults of its own fields. */
function* errorsIn(schema: TSchema, input: unknown): Generator<ValueError> {
  for (const error of Value.Errors(schema, input)) {
    const form = error.type === ValueErrorType.Union ? objectIn(error.schema) : undefined;
    if (form === undefined || !isObject(error.value)) yield error;
    else for (const inner of errorsIn(form, error.value)) yield { ...inner, path: error.path + inner.path };
  }
}

/** Undefined where there is none among the choices, or more than one. */
function objectIn(schema: TSchema): TSchema | undefined {
  const choices = Array.isArray(schema['anyOf']) ? (schema['anyOf'] as TSchema[]) : [];
  const objects = choices.filter(({ type }) => type === 'object');
  return objects.length === 1 ? objects[0] : undefined;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function messageFor(schema: TSchema, error: ValueError, path: string, wording: ShapeWording): string {
  if (error.type === ValueErrorType.ObjectAdditionalProperties) return describeUnknown(error, wording);
  const mend = mendFor(schema, error);
  const expected = expectation(error);
  // A choice of words is its own mend.
  const ending = mend === undefined || `must be ${mend.replace(/^write /, '')}` === expected ? '' : `; ${mend}`;
  if (error.value === undefined) return `is missing${ending}`;
  const got = wording.hidden?.(path) === true ? nameType(error.value) : describeValue(error.value);
  return `${expected}; got ${got}${ending}`;
}

function describeUnknown({ schema, path: pointer }: ValueError, { belongs }: ShapeWording): string {
  const key = lastPart(pointer);
  const shown = shorten(key, 60);
  if (schema['patternProperties'] !== undefined) {
    const mend = typeof schema['mend'] === 'string' ? `; ${schema['mend']}` : '';
    return `"${shown}" cannot be a name here${mend}`;
  }
  const known = Object.keys((schema['properties'] ?? {}) as object);
  const meant = nearest(key, known) ?? belongs?.(key);
  const help = meant === undefined ? `known are ${listed(known)}` : `did you mean \`${meant}\`?`;
  return `unknown field \`${shown}\`; ${help}`;
}

/** The mend of the schema that failed, or of the nearest one around it. */
function mendFor(root: TSchema, error: ValueError): string | undefined {
  if (typeof error.schema['mend'] === 'string') return error.schema['mend'];
  let schema: unknown = root;
  let mend: string | undefined;
  for (const part of error.path.split('/').slice(1)) {
    schema = childSchema(schema as TSchema, part.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (schema === undefined) break;
    const own = (schema as TSchema)['mend'];
    if (typeof own === 'string') mend = own;
  }
  return mend;
}

function childSchema(choice: TSchema, key: string): unknown {
  const schema = objectIn(choice) ?? choice;
  if (schema['type'] === 'array') return schema['items'];
  const properties = (schema['properties'] ?? {}) as Record<string, unknown>;
  if (Object.hasOwn(properties, key)) return properties[key];
  return Object.values((schema['patternProperties'] ?? {}) as Record<string, unknown>)[0];
}

/** What the schema wants, without what came. */
function expectation({ type, schema }: ValueError): string {
  switch (type) {
    case ValueErrorType.NumberMinimum:
    case ValueErrorType.IntegerMinimum:
      return `must be at least ${schema['minimum']}`;
    case ValueErrorType.NumberExclusiveMinimum:
      return `must be above ${schema['exclusiveMinimum']}`;
    case ValueErrorType.NumberMaximum:
    case ValueErrorType.IntegerMaximum:
      return `must be at most ${schema['maximum']}`;
    case ValueErrorType.StringMinLength:
      return `must have at least ${counted(Number(schema['minLength']), 'character')}`;
    case ValueErrorType.StringMaxLength:
      return `must have at most ${counted(Number(schema['maxLength']), 'character')}`;
    case ValueErrorType.ArrayMinItems:
      return `must have at least ${counted(Number(schema['minItems']), 'item')}`;
    case ValueErrorType.ArrayMaxItems:
      return `must have at most ${counted(Number(schema['maxItems']), 'item')}`;
    case ValueErrorType.ObjectMinProperties:
      return `must have at least ${counted(Number(schema['minProperties']), 'field')}`;
    case ValueErrorType.ObjectMaxProperties:
      return `must have at most ${counted(Number(schema['maxProperties']), 'field')}`;
    case ValueErrorType.ArrayUniqueItems:
      return 'must not have an item twice';
    default:
      return expectedType(schema);
  }
}

function expectedType(schema: TSchema): string {
  if (Array.isArray(schema['anyOf'])) return `must be ${choices(schema['anyOf'] as TSchema[])}`;
  if (schema['const'] !== undefined) return `must be ${describeValue(schema['const'])}`;
  const names: Record<string, string> = {
    object: 'an object with named fields',
    array: 'a list',
    string: schema['pattern'] === undefined ? 'a text' : 'a text of the right form',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    null: 'null',
  };
  return `must be ${names[String(schema['type'])] ?? 'something else'}`;
}

function choices(schemas: TSchema[]): string {
  const parts = [...new Set(schemas.map((schema) => expectedType(schema).replace(/^must be /, '')))];
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} or ${parts.at(-1)}`;
}

function listed(names: string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function lastPart(pointer: string): string {
  return pointer
    .slice(pointer.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}
