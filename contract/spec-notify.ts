import { Type, type Static } from '@sinclair/typebox';

import { END_REASONS, type EndReason } from './reason';
import { RUN_STATES, type RunState } from './state';

/** The part of a run spec that says who is told of what becomes of the run. See docs/notifications.md. */

/** What somebody may be told of: a state of the run, why an attempt or the run ended, or that a rule of its policy matched. */
export const TRIGGERS = [...new Set([...RUN_STATES, ...END_REASONS, 'rule' as const])];

export type Trigger = RunState | EndReason | 'rule';

/** What a secret may be called: also the name of its file. */
export const SECRET_NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]{0,127}$';

const SecretName = (description: string) =>
  Type.String({
    pattern: SECRET_NAME_PATTERN,
    description,
    mend: 'write the name of a secret of the server, such as HOOK_KEY: letters, digits and underscores',
  });

const TargetSchema = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/]\\S*$',
        maxLength: 2048,
        description: 'Where to send it to, over http or https.',
        mend: 'write an address such as "https://hooks.example/runs"',
      }),
    ),
    urlSecret: Type.Optional(SecretName('In place of `url`: the secret of the server that holds the address.')),
    on: Type.Array(Type.Unsafe<Trigger>(Type.String({ enum: TRIGGERS })), {
      minItems: 1,
      maxItems: TRIGGERS.length,
      uniqueItems: true,
      description:
        'What to tell of: states of the run, end reasons of its attempts, or `rule`, a rule of its policy that matched.',
      mend: 'write a list of states and end reasons, such as [failed, succeeded, out-of-memory]',
    }),
    form: Type.Optional(
      Type.Union([Type.Literal('json'), Type.Literal('slack')], {
        default: 'json',
        description: 'json: the whole notification. slack: a text for an incoming webhook of Slack. Default json.',
        mend: 'write "json" or "slack"',
      }),
    ),
    secret: Type.Optional(SecretName('The secret of the server that notifications are signed with.')),
  },
  { additionalProperties: false },
);

export const NotifySchema = Type.Array(TargetSchema, {
  maxItems: 16,
  default: [],
  description: 'Who is told of what becomes of the run.',
});

export type NotifyTarget = Static<typeof TargetSchema> & { form: 'json' | 'slack' };
