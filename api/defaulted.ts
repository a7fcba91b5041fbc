import { type TSchema, Type } from '@sinclair/typebox';

/** A part of a query that may be left out and is never missing, because it has a default. */
export function defaulted<T extends TSchema>(schema: T): T {
  return Type.Optional(schema) as unknown as T;
}
