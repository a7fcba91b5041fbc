import { Type, type TSchema } from '@sinclair/typebox';

import { RUN_ID_PATTERN } from './names';
import { HOST_INTENTS, type ClaimInput, type LeaseRequest, type Reservation } from './pool';
import { ReservationInputSchema } from './reservation';
import {
  capacityProperties,
  DEFAULT_OWNER,
  DEFAULT_PRIORITY,
  DEFAULT_PROJECT,
  gpuProperties,
  PlacementSchema,
} from './spec-capacity';

/**
 * Messages to a pool, which anybody may send, and what they mean where something is left out; see docs/temporal.md. A field that
 * is not known is passed over: who sends it may be newer than the pool.
 */

const OrNull = (schema: TSchema) =>
  Type.Optional(Type.Union([schema, Type.Null()], { mend: schema['mend'] as unknown }));

const Amount = (mend: string) => Type.Number({ minimum: 0, mend });
const Bytes = Type.Integer({ minimum: 0, mend: 'write whole bytes such as 4294967296' });

const { from, project, by, gpus: reservedGpus, gpuModel: reservedModel } = ReservationInputSchema.properties;
const instant = Type.String({ pattern: from.pattern!, mend: from['mend'] as unknown });
const runId = Type.String({ pattern: RUN_ID_PATTERN, mend: 'write the id of a run' });
const claim = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  mend: 'write a whole number that grows with each claim of the run',
});

const limitMs = Amount('write the milliseconds that the lease may be held at most, such as 3600000');

export const ClaimIdentitySchema = Type.Object({ runId, claim }, { mend: 'write {"runId": …, "claim": …}' });

const LeaseRequestSchema = Type.Object(
  {
    cpus: Amount('write a number of CPUs such as 2 or 0.5'),
    memoryBytes: Bytes,
    limitMs,
    submittedAt: instant,
    project: capacityProperties.project,
    owner: capacityProperties.owner,
    priority: capacityProperties.priority,
    preemptible: capacityProperties.preemptible,
    nodes: capacityProperties.nodes,
    gpus: gpuProperties.gpus,
    gpuModel: OrNull(gpuProperties.gpuModel),
    gpuMemoryBytes: Type.Optional(Bytes),
    host: OrNull(PlacementSchema.properties.host),
    hostLabels: PlacementSchema.properties.labels,
    avoid: Type.Optional(
      Type.Array(Type.String({ maxLength: 63 }), { maxItems: 1_000, mend: 'write a list of names of hosts' }),
    ),
    hasCommand: Type.Optional(Type.Boolean({ mend: 'write true or false' })),
  },
  { mend: 'write what the run asks for, such as {"cpus": 1, "memoryBytes": 1073741824, …}' },
);

export const ClaimSchema = Type.Object(
  {
    ...ClaimIdentitySchema.properties,
    attempt: Type.Optional(Type.Integer({ minimum: 1, mend: 'write the number of the attempt, from 1' })),
    request: LeaseRequestSchema,
  },
  { mend: 'write {"runId": …, "claim": …, "request": {…}}' },
);

export const HostChangeSchema = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 63, mend: 'write the name of a host' }),
    intent: Type.String({ enum: [...HOST_INTENTS] }),
    by,
  },
  { mend: 'write {"host": …, "intent": …}' },
);

export const ReprioritiseSchema = Type.Object(
  {
    runId,
    priority: Type.Integer({ minimum: 0, maximum: 100, mend: 'write a whole number from 0 to 100' }),
  },
  { mend: 'write {"runId": …, "priority": …}' },
);

export const LimitChangeSchema = Type.Object({ runId, limitMs }, { mend: 'write {"runId": …, "limitMs": …}' });

const reservationId = Type.String({ minLength: 1, maxLength: 100, mend: 'write the id of the reservation' });

export const ReservationMessageSchema = Type.Object(
  {
    id: reservationId,
    project,
    gpus: reservedGpus,
    gpuModel: OrNull(reservedModel),
    from: instant,
    until: instant,
    by,
  },
  { mend: 'write {"id": …, "project": …, "gpus": …, "from": …, "until": …}' },
);

export const UnreserveSchema = Type.Object({ id: reservationId, by }, { mend: 'write {"id": …}' });

const REQUEST_DEFAULTS = {
  project: DEFAULT_PROJECT,
  owner: DEFAULT_OWNER,
  priority: DEFAULT_PRIORITY,
  preemptible: false,
  nodes: 1,
  gpus: 0,
  gpuModel: null,
  gpuMemoryBytes: 0,
  host: null,
  hostLabels: {},
  avoid: [],
  hasCommand: true,
} satisfies Partial<LeaseRequest>;

/** A claim with all that may be left out. */
export function readClaim(input: MayLack<ClaimInput, 'attempt'>): ClaimInput {
  return { attempt: 1, ...input, request: { ...REQUEST_DEFAULTS, ...input.request } };
}

type MayLack<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** A reservation with all that may be left out. */
export function readReservation(input: MayLack<Reservation, 'gpuModel' | 'by'>): Reservation {
  return { gpuModel: null, by: DEFAULT_OWNER, ...input };
}
