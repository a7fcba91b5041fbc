import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

import { createCaller } from './calls';
import { createPoolGateway, type PoolGateway } from './pools';
import { createReadinessGateway, type ReadinessGateway } from './readiness';
import { createRunGateway, type RunGateway } from './runs';
import { createScheduleGateway, type ScheduleGateway } from './schedules';

/** What the API asks of Temporal, in our words. Every call ends within seconds, with `temporal-unavailable` at the worst. */
export interface TemporalGateway {
  readonly runs: RunGateway;
  readonly pools: PoolGateway;
  readonly schedules: ScheduleGateway;
  readonly readiness: ReadinessGateway;
  close(): Promise<void>;
}

export interface TemporalAddress {
  address: string;
  namespace: string;
}

/** Does not connect yet: Temporal may be away now and come later, and may go and come again. */
export function openTemporal({ address, namespace }: TemporalAddress): TemporalGateway {
  const connection = Connection.lazy({
    address,
    // Reconnects soon after Temporal is back; gRPC would otherwise wait up to two minutes.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
  const client = new Client({ connection, namespace });
  const call = createCaller(connection, address, namespace);
  return {
    runs: createRunGateway(client.workflow, call),
    pools: createPoolGateway(client.workflow, call),
    schedules: createScheduleGateway(client.schedule, call),
    readiness: createReadinessGateway(connection, namespace, call),
    close: async () => {
      await call.idle();
      await connection.close();
    },
  };
}
