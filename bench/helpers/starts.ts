import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** When containers started, as the engine itself tells it: the same clock for both sides. */
export interface Starts {
  /** Milliseconds since 1970, with fractions, of the first start of a container with the label. */
  of(label: string, value: string): Promise<number>;
  stop(): void;
}

interface StartEvent {
  timeNano: number;
  Actor: { Attributes: Record<string, string> };
}

/** Listens to the engine's events; what starts before that is not seen. */
export function watchStarts(): Starts {
  const child = spawn('docker', ['events', '--filter', 'event=start', '--format', '{{json .}}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const seen: StartEvent[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line) as StartEvent);
    for (const look of waiting) look();
  });
  return {
    of: (label, value) =>
      new Promise((resolve) => {
        const look = (): void => {
          const event = seen.find(({ Actor }) => Actor.Attributes[label] === value);
          if (!event) return;
          waiting.delete(look);
          resolve(event.timeNano / 1e6);
        };
        waiting.add(look);
        look();
      }),
    stop: () => void child.kill(),
  };
}
