import { Type } from '@sinclair/typebox';

/**
 * The part of the Compose specification that docker-compose.yml uses, closed: a misspelt or misplaced key is a fault, as it
 * is for `docker compose config`. See https://github.com/compose-spec/compose-spec for the whole.
 */
const closed = { additionalProperties: false } as const;
const Duration = Type.String({ pattern: '^([0-9]+(ms|s|m|h))+$' });
const Bytes = Type.String({ pattern: '^[0-9]+(b|k|kb|m|mb|g|gb)$' });
const Texts = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true });

const Healthcheck = Type.Object(
  {
    test: Type.Array(Type.String(), { minItems: 2, description: 'CMD or CMD-SHELL, then the command.' }),
    interval: Duration,
    timeout: Duration,
    retries: Type.Integer({ minimum: 1 }),
    start_period: Type.Optional(Duration),
  },
  closed,
);

const DependsOn = Type.Record(
  Type.String(),
  Type.Object(
    {
      condition: Type.Union([
        Type.Literal('service_started'),
        Type.Literal('service_healthy'),
        Type.Literal('service_completed_successfully'),
      ]),
    },
    closed,
  ),
);

const Build = Type.Object(
  {
    context: Type.String(),
    dockerfile: Type.Optional(Type.String()),
    args: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  closed,
);

const Service = Type.Object(
  {
    image: Type.String(),
    build: Type.Optional(Build),
    restart: Type.String({ pattern: '^(no|always|unless-stopped|on-failure(:[0-9]+)?)$' }),
    init: Type.Optional(Type.Boolean()),
    user: Type.Optional(Type.String()),
    group_add: Type.Optional(Texts),
    read_only: Type.Optional(Type.Boolean()),
    tmpfs: Type.Optional(Texts),
    cap_drop: Type.Optional(Texts),
    security_opt: Type.Optional(Texts),
    entrypoint: Type.Optional(Texts),
    command: Type.Optional(Texts),
    depends_on: Type.Optional(DependsOn),
    environment: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Z][A-Z0-9_]*$' }), Type.String())),
    volumes: Type.Optional(Texts),
    networks: Type.Optional(Texts),
    ports: Type.Optional(Texts),
    healthcheck: Type.Optional(Healthcheck),
    stop_grace_period: Type.Optional(Duration),
    deploy: Type.Optional(
      Type.Object(
        {
          resources: Type.Object(
            { limits: Type.Object({ memory: Type.Optional(Bytes), cpus: Type.Optional(Type.String()) }, closed) },
            closed,
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** Without the `x-` sections, which mean nothing by themselves. */
export const ComposeSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]*$' }),
    services: Type.Record(Type.String({ pattern: '^[a-z0-9-]+$' }), Service, closed),
    networks: Type.Record(Type.String(), Type.Object({ internal: Type.Optional(Type.Boolean()) }, closed)),
    volumes: Type.Record(Type.String(), Type.Object({}, closed)),
  },
  closed,
);
