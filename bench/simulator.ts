import { circumstances, report, rounded } from './helpers/report';
import { makeLoad } from './helpers/simulated-load';
import { simulate } from './helpers/simulation';
import { createFigures } from './helpers/simulation-figures';

export async function main([hosts = '1000', runs = '100000', seed = '1']: string[]): Promise<void> {
  const load = makeLoad({ hosts: Number(hosts), runs: Number(runs), pressure: 1.25, seed: Number(seed) });
  const figures = createFigures(load);
  const counters = simulate(load, figures);
  console.log(JSON.stringify(figures.result(counters), null, 1), counters, load.losses.length);
}
