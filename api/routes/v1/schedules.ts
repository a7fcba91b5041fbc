import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { PageSchema } from '../../../contract/http';
import {
  ScheduleInputSchema,
  ScheduleReplacementSchema,
  ScheduleSchema,
  ScheduleSummarySchema,
} from '../../../contract/schedule';
import { createSchedule, replaceSchedule } from '../../services/schedules';
import type { Services } from '../../services/services';
import { answer, describedBody, problemAnswers } from '../answers';

const tags = ['schedules'];
const consumes = ['application/json', 'application/yaml'];

export const ScheduleNameParamsSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a schedule.' }),
});

const createSchema = {
  tags,
  summary: 'Make a schedule',
  description: 'Its runs are runs like any other and name it. The submission is checked now, as that of a run is.',
  consumes,
  body: describedBody(ScheduleInputSchema),
  response: {
    201: answer(ScheduleSchema, 'Made; `nextTimes` says when it will run.'),
    ...problemAnswers(400, 409, 413, 415, 503),
  },
} satisfies FastifySchema;

const listSchema = {
  tags,
  summary: 'List schedules',
  description: 'A change shows in the list after a moment; GET /v1/schedules/{name} has it at once.',
  response: { 200: answer(PageSchema(ScheduleSummarySchema), 'All of them, by name.'), ...problemAnswers(503) },
} satisfies FastifySchema;

const lookSchema = {
  tags,
  summary: 'Look at a schedule',
  params: ScheduleNameParamsSchema,
  response: { 200: answer(ScheduleSchema, 'The schedule.'), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

const replaceSchema = {
  tags,
  summary: 'Replace a schedule',
  description: 'Runs that are going on are not affected.',
  consumes,
  params: ScheduleNameParamsSchema,
  body: describedBody(ScheduleReplacementSchema),
  response: { 200: answer(ScheduleSchema, 'As it is now.'), ...problemAnswers(400, 404, 413, 415, 503) },
} satisfies FastifySchema;

const removeSchema = {
  tags,
  summary: 'Delete a schedule',
  description: 'Its runs stay, also those that are going on.',
  params: ScheduleNameParamsSchema,
  response: { 204: Type.Null({ description: 'Gone.' }), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

export const scheduleRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  const { schedules } = services.temporal;

  app.post('/schedules', { schema: createSchema }, async (request, reply) => {
    const schedule = await createSchedule(services, request.body);
    return reply.code(201).header('location', `/v1/schedules/${schedule.name}`).send(schedule);
  });

  app.get('/schedules', { schema: listSchema }, async () => ({ items: await schedules.list(), next: null }));

  app.get('/schedules/:name', { schema: lookSchema }, async (request) => schedules.get(request.params.name));

  app.put('/schedules/:name', { schema: replaceSchema }, async (request) =>
    replaceSchedule(services, request.params.name, request.body),
  );

  app.delete('/schedules/:name', { schema: removeSchema }, async (request, reply) => {
    await schedules.delete(request.params.name);
    return reply.code(204).send(null);
  });
};
