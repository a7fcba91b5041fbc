import { Type } from '@sinclair/typebox';

import { PATTERN_MAX_LENGTH } from '../../../contract/pattern-limits';
import { LOG_STREAMS, type LogStream } from '../../../contract/log-streams';
import { defaulted } from '../../defaulted';
import { LOG_FORMATS, type LogFormat } from '../../services/log-formats';

const Moment = (description: string) =>
  Type.Optional(
    Type.String({
      maxLength: 64,
      description: `${description} RFC 3339 such as \`2026-11-24T03:42:31.5Z\`, or how long ago, such as \`10m\`.`,
    }),
  );

/** What the lines of any log can be asked for by. */
export const LINE_FILTERS = {
  since: Moment('Only lines of this time or later.'),
  until: Moment('Only lines before this time.'),
  stream: Type.Optional(
    Type.Array(Type.Unsafe<LogStream>(Type.String({ enum: [...LOG_STREAMS] })), {
      minItems: 1,
      maxItems: 3,
      description:
        'Only the lines of this stream. May be repeated. Default: stdout and stderr, and of one log also the lines of system that are a `note`.',
    }),
  ),
  system: defaulted(Type.Boolean({ default: false, description: "Also all lines that are Trainyard's own." })),
};

/** How a pattern is to be taken. */
export const PATTERN_OPTIONS = {
  literal: defaulted(
    Type.Boolean({ default: false, description: 'Takes the pattern as the text itself, not as an expression.' }),
  ),
  ignoreCase: defaulted(Type.Boolean({ default: false, description: 'Takes capital and small letters as the same.' })),
};

export const Pattern = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: PATTERN_MAX_LENGTH,
    description: `${description} A regular expression in the syntax of RE2, whose search takes linear time; it may match anywhere in the line.`,
  });

export const LogsQuerySchema = Type.Object(
  {
    format: Type.Optional(
      Type.Unsafe<LogFormat>(
        Type.String({
          enum: [...LOG_FORMATS],
          description:
            'text: the bare lines. ndjson: one JSON object per line. sse: server-sent events. Default: what `Accept` asks for, else text.',
        }),
      ),
    ),
    follow: Type.Optional(
      Type.Boolean({
        description:
          'Goes on with the lines that come, until the run ends. Default: only for sse without `until`, and over a WebSocket.',
      }),
    ),
    from: Type.Optional(Type.Integer({ minimum: 1, description: 'Number of the first line.' })),
    ...LINE_FILTERS,
    tail: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Only the last this many of the lines that the others leave.' }),
    ),
    attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Only the lines of this attempt.' })),
    node: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Of a gang, the log of the node of this rank: in its newest attempt, or in the one that `attempt` names. Default 0, whose log is that of the gang itself. `Content-Location` is the log by its own address.',
      }),
    ),
    grep: Type.Optional(Pattern('Only the lines that this matches.')),
    ...PATTERN_OPTIONS,
    timestamps: defaulted(
      Type.Boolean({ default: false, description: 'Puts time and stream before each line of text.' }),
    ),
  },
  { additionalProperties: false },
);

export const LogsHeadersSchema = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ pattern: '^[0-9]{1,15}$', description: 'Number of the last line that came; goes on after it.' }),
  ),
});
