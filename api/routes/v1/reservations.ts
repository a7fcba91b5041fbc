import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { PageSchema } from '../../../contract/http';
import { ReservationSchema } from '../../../contract/pool-http';
import { ReservationInputSchema } from '../../../contract/reservation';
import { deleteReservation, listReservations, makeReservation } from '../../services/reservations';
import type { Services } from '../../services/services';
import { answer, describedBody, problemAnswers } from '../answers';

const tags = ['pools'];

const listSchema = {
  tags,
  summary: 'List reservations',
  querystring: Type.Object(
    { pool: Type.Optional(Type.String({ maxLength: 63, description: 'Of this pool.' })) },
    { additionalProperties: false },
  ),
  response: {
    200: answer(PageSchema(ReservationSchema), 'Those that are not over, the next first.'),
    ...problemAnswers(400, 404, 503),
  },
} satisfies FastifySchema;

const makeSchema = {
  tags,
  summary: 'Reserve GPUs of a pool for a project',
  description: 'While it lasts, runs of other projects are given what is left. Only preemptible runs are ended for it.',
  consumes: ['application/json', 'application/yaml'],
  body: describedBody(ReservationInputSchema),
  response: {
    201: answer(ReservationSchema, 'Reserved.'),
    ...problemAnswers(400, 404, 409, 413, 415, 503),
  },
} satisfies FastifySchema;

const deleteSchema = {
  tags,
  summary: 'Take a reservation back',
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100, description: 'Id of a reservation.' }) }),
  response: { 204: Type.Null({ description: 'Gone.' }), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

export const reservationRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get('/reservations', { schema: listSchema }, async (request) => ({
    items: await listReservations(services, request.query.pool),
    next: null,
  }));

  app.post('/reservations', { schema: makeSchema }, async (request, reply) =>
    reply.code(201).send(await makeReservation(services, request.body)),
  );

  app.delete('/reservations/:id', { schema: deleteSchema }, async (request, reply) => {
    await deleteReservation(services, request.params.id);
    return reply.code(204).send(null);
  });
};
