import { type Static, Type } from '@sinclair/typebox';

import { type Fault, InvalidInputError } from '../../contract/fault';
import { nearest } from '../../contract/nearest';
import { RUN_STATES, type RunState } from '../../contract/state';
import type { RunQuery } from '../../store/run-store';
import { defaulted } from '../defaulted';

const Instant = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

/** What runs can be asked for by. */
export const RUN_FILTERS = {
  state: Type.Optional(
    Type.Array(Type.String(), {
      description: `In one of these states: ${RUN_STATES.join(', ')}. Repeated, or separated by commas.`,
    }),
  ),
  recipe: Type.Optional(Type.String({ maxLength: 100, description: 'Made from this recipe.' })),
  schedule: Type.Optional(Type.String({ maxLength: 100, description: 'Started by this schedule.' })),
  rerunOf: Type.Optional(Type.String({ maxLength: 128, description: 'Reruns of this run.' })),
  owner: Type.Optional(Type.String({ maxLength: 100, description: 'Of this owner.' })),
  project: Type.Optional(Type.String({ maxLength: 63, description: 'Of this project.' })),
  pool: Type.Optional(Type.String({ maxLength: 63, description: 'Of this pool of hosts.' })),
  gangOf: Type.Optional(
    Type.String({
      maxLength: 128,
      description:
        'Nodes of this gang that are runs of their own: all but that of rank 0. Lists of runs leave them out otherwise.',
    }),
  ),
  label: Type.Optional(
    Type.Array(Type.String({ maxLength: 320 }), {
      maxItems: 20,
      description: 'With this label, as `name:value`. Repeated: with each of them.',
    }),
  ),
  text: Type.Optional(Type.String({ maxLength: 200, description: 'Part of the id or the name, in any case.' })),
  createdAfter: Instant('Submitted after this time (RFC 3339).'),
  createdBefore: Instant('Submitted before this time (RFC 3339).'),
};

export const RunListQuerySchema = Type.Object(
  {
    ...RUN_FILTERS,
    cursor: Type.Optional(Type.String({ maxLength: 500, description: 'The `next` of the page before.' })),
    limit: defaulted(Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'At most this many.' })),
  },
  { additionalProperties: false },
);

const RunFiltersSchema = Type.Object(RUN_FILTERS);

/** Which runs are meant, as a client writes it. */
export type RunFilters = Static<typeof RunFiltersSchema>;

/**
 * A page of the list, which has gangs as one run each unless the nodes of one are asked for.
 *
 * @throws {InvalidInputError} for a state that there is not, or a label that is no `name:value`.
 */
export function queryOf({ cursor, limit, ...filters }: Static<typeof RunListQuerySchema>): RunQuery {
  return { gangOf: null, ...filterOf(filters), ...(cursor === undefined ? {} : { cursor }), limit };
}

/** The same without a place in the list, and with the nodes of gangs, each of which has a log of its own. */
export function filterOf({ state, label, ...filters }: RunFilters): Omit<RunQuery, 'limit' | 'cursor'> {
  const states = state?.flatMap((item) => item.split(',')).map((item) => item.trim());
  const faults = [...stateFaults(states ?? []), ...labelFaults(label ?? [])];
  if (faults.length > 0) throw new InvalidInputError(faults, 'The query');
  return {
    ...filters,
    ...(states ? { state: states as RunState[] } : {}),
    ...(label ? { labels: Object.fromEntries(label.map((item) => splitLabel(item))) } : {}),
  };
}

function stateFaults(states: string[]): Fault[] {
  return states
    .filter((state) => !(RUN_STATES as readonly string[]).includes(state))
    .map((state) => {
      const meant = nearest(state, RUN_STATES);
      const help = meant === undefined ? `write one of ${RUN_STATES.join(', ')}` : `did you mean "${meant}"?`;
      return { path: 'state', message: `there is no state "${state}"; ${help}` };
    });
}

function labelFaults(labels: string[]): Fault[] {
  return labels
    .filter((label) => label.indexOf(':') < 1)
    .map((label) => ({ path: 'label', message: `"${label}" is no label; write name:value, such as team:vision` }));
}

function splitLabel(label: string): [string, string] {
  const colon = label.indexOf(':');
  return [label.slice(0, colon), label.slice(colon + 1)];
}
