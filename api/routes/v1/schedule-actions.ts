import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifySchema } from 'fastify';

import { ScheduleNoteSchema, ScheduleSchema, ScheduleTriggerSchema } from '../../../contract/schedule';
import { checkBody } from '../../services/check-body';
import { pauseSchedule, triggerSchedule, unpauseSchedule } from '../../services/schedules';
import type { Services } from '../../services/services';
import { answer, describedBody, problemAnswers } from '../answers';
import { ScheduleNameParamsSchema } from './schedules';

const tags = ['schedules'];

const pauseSchema = {
  tags,
  summary: 'Pause a schedule',
  description: 'It starts no runs until it is unpaused; those that are going on go on.',
  params: ScheduleNameParamsSchema,
  body: describedBody(ScheduleNoteSchema),
  response: { 200: answer(ScheduleSchema, 'As it is now.'), ...problemAnswers(400, 404, 415, 503) },
} satisfies FastifySchema;

const unpauseSchema = {
  tags,
  summary: 'Let a paused schedule go on',
  description: 'The times that passed meanwhile are not made up for.',
  params: ScheduleNameParamsSchema,
  body: describedBody(ScheduleNoteSchema),
  response: { 200: answer(ScheduleSchema, 'As it is now.'), ...problemAnswers(400, 404, 415, 503) },
} satisfies FastifySchema;

const triggerSchema = {
  tags,
  summary: 'Start a run of a schedule now',
  description: "Under the schedule's overlap policy unless the body has another. Works while it is paused, too.",
  params: ScheduleNameParamsSchema,
  body: describedBody(ScheduleTriggerSchema),
  response: {
    202: answer(ScheduleSchema, 'Asked for; the run shows in `recentRuns` after a moment.'),
    ...problemAnswers(400, 404, 409, 415, 503),
  },
} satisfies FastifySchema;

export const scheduleActionRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.post('/schedules/:name/pause', { schema: pauseSchema }, async (request) => {
    const { note } = checkBody(ScheduleNoteSchema, request.body);
    return pauseSchedule(services, request.params.name, note);
  });

  app.post('/schedules/:name/unpause', { schema: unpauseSchema }, async (request) => {
    const { note } = checkBody(ScheduleNoteSchema, request.body);
    return unpauseSchedule(services, request.params.name, note);
  });

  app.post('/schedules/:name/trigger', { schema: triggerSchema }, async (request, reply) => {
    const { overlap } = checkBody(ScheduleTriggerSchema, request.body);
    return reply.code(202).send(await triggerSchedule(services, request.params.name, overlap));
  });
};
