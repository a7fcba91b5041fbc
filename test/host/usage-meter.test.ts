import type { ContainerUsage } from '../../docker/engine';
import { startUsageMeter } from '../../host/usage-meter';

const usage = (peakMemoryBytes: number | null, cpuSeconds: number | null, oomKills: number | null): ContainerUsage => ({
  peakMemoryBytes,
  cpuSeconds,
  oomKills,
});

describe('the meter of what a container uses', () => {
  const answers: (ContainerUsage | null | Error)[] = [];
  const engine = {
    usage: async (): Promise<ContainerUsage | null> => {
      const answer = answers.shift() ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  beforeEach(() => {
    answers.length = 0;
  });

  it('keeps the most of each, over looks that tell nothing or fail, from what was seen before on', async () => {
    const meter = startUsageMeter(engine, 'c', usage(50, 1, null));
    expect(meter.seen()).toEqual(usage(50, 1, null));
    answers.push(usage(40, 2, 0), null, new Error('the engine is away'), usage(70, null, 3), usage(60, 3, 1));
    for (let looks = 0; looks < 5; looks += 1) await meter.look();
    expect(meter.seen()).toEqual(usage(70, 3, 3));
    meter.end();
  });

  it('has seen nothing before it looked', () => {
    const meter = startUsageMeter(engine, 'c', undefined);
    expect(meter.seen()).toEqual(usage(null, null, null));
    meter.end();
  });
});
