import { spawn } from 'node:child_process';

import { LABELS } from '../../contract/names';
import { until } from './until';

export interface EngineEvent {
  /** `create`, `start`, `die`, `destroy` and others. */
  action: string;
  /** Empty where the container is of no run. */
  runId: string;
  attempt: string;
  atMs: number;
}

/** What an engine does with containers. */
export interface EngineEvents {
  /** Oldest first. One that happens just now may take a moment. */
  seen(): EngineEvent[];
  /** How many containers of a run were started until one of them was removed. */
  startsOf(runId: string): Promise<number>;
  stop(): void;
}

/**
 * Listens from now on. Asked afterwards, an engine tells the last 256 events only, of all who use it: on one that other tests
 * use too, those of half a minute.
 */
export function watchEvents(dockerHost: string): EngineEvents {
  const label = (name: string): string => `{{index .Actor.Attributes "${name}"}}`;
  const format = `{{.Action}} ${label(LABELS.run)} ${label(LABELS.attempt)} {{.TimeNano}}`;
  const since = String(Math.floor(Date.now() / 1000));
  const args = ['--host', dockerHost, 'events', '--since', since, '--filter', 'type=container', '--format', format];
  const listener = spawn('docker', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  listener.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const seen = (): EngineEvent[] => text.split('\n').slice(0, -1).map(eventOf);
  const of = (action: string, runId: string): EngineEvent[] =>
    seen().filter((event) => event.action === action && event.runId === runId);
  return {
    seen,
    startsOf: async (runId) => {
      await until(() => of('destroy', runId).length > 0);
      return of('start', runId).length;
    },
    stop: () => void listener.kill(),
  };
}

function eventOf(line: string): EngineEvent {
  const [, action = '', runId = '', attempt = '', nanoseconds = '0'] = /^(.*) (\S*) (\S*) (\d+)$/.exec(line) ?? [];
  return { action, runId, attempt, atMs: Number(BigInt(nanoseconds) / 1_000_000n) };
}
