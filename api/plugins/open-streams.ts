import type { ServerResponse } from 'node:http';

import type { FastifyInstance } from 'fastify';

/** Answers that go on until somebody leaves. */
export interface OpenStreams {
  /** Aborted when the client is gone or the server closes. */
  open(response: ServerResponse): AbortSignal;
}

/** Without it a server that closes would wait for everybody who follows a log. */
export function trackOpenStreams(app: FastifyInstance): OpenStreams {
  const responses = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    // Broken off rather than ended: whoever reads must not take it for the end of the log.
    for (const response of responses) response.destroy();
  });
  return {
    open: (response) => {
      const gone = new AbortController();
      responses.add(response);
      response.once('close', () => {
        responses.delete(response);
        gone.abort();
      });
      return gone.signal;
    },
  };
}
