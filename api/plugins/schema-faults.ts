import type { FastifySchemaValidationError } from 'fastify/types/schema';

import type { Fault } from '../../contract/fault';

/** The faults that the schema of a route's query, path or headers finds, in the form of all others. */
export function faultsOfSchema(errors: readonly FastifySchemaValidationError[], where: string): Fault[] {
  return errors.map((error) => faultOf(error, where));
}

function faultOf({ instancePath, keyword, params, message }: FastifySchemaValidationError, where: string): Fault {
  const path = instancePath.split('/').slice(1).join('.');
  const names = params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] };
  if (keyword === 'additionalProperties') {
    const path = names.additionalProperty ?? '';
    return { path, message: `is not known in the ${where}; /docs lists what is` };
  }
  if (keyword === 'required') return { path: names.missingProperty ?? '', message: `is missing in the ${where}` };
  if (keyword === 'enum') return { path, message: `write one of ${(names.allowedValues ?? []).join(', ')}` };
  return { path, message: message ?? 'is not valid' };
}
