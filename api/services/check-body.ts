import { type Static, type TObject, Type } from '@sinclair/typebox';

import { InvalidInputError } from '../../contract/fault';
import { checkShape } from '../../contract/validate-shape';

/** Of what is asked of a run that goes on: cancel, suspend, resume. */
export const AskBodySchema = Type.Object(
  {
    by: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: "Who asks; shown in the run's events.",
        mend: 'write a name of at most 100 characters',
      }),
    ),
  },
  { additionalProperties: false, title: 'AskRequest', examples: [{ by: 'ada' }] },
);

/**
 * A body all of whose fields may be left out, and which may be left out itself.
 *
 * @throws {InvalidInputError} with every fault.
 */
export function checkBody<T extends TObject>(schema: T, body: unknown): Static<T> {
  const value = body ?? {};
  const faults = checkShape(schema, value);
  if (faults.length > 0) throw new InvalidInputError(faults, 'The body');
  return value as Static<T>;
}
