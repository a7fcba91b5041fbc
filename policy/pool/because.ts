import { counted } from '../../contract/counted';
import type { Part } from './fit';
import type { Entry } from './queue';
import { freeWanted, wantedOf } from './shape';
import { gpusText } from './words';

/** Why now and why there: `host a: best fit, 2 of 4 GPUs were free; passed 3 runs that cannot start yet`. */
export function becauseOf({ waiting: { request }, of }: Entry, parts: readonly Part[], passed: number): string {
  const places = parts.map(({ host, nodes }) => {
    const cpus = (host.cpus - host.usedCpus) / 1_000;
    const room =
      request.gpus > 0
        ? `${freeWanted(host, of.shape)} of ${gpusText(wantedOf(host.facts.gpus, of.shape), request)} were free`
        : `${cpus} of ${counted(host.cpus / 1_000, 'CPU')} were free`;
    return `host ${host.name}: ${request.nodes > 1 ? `${counted(nodes, 'node')}, ` : ''}best fit, ${room}`;
  });
  const process = of.shape.asProcess ? '; as a local process, because no engine of the pool answers' : '';
  const others = passed > 0 ? `; passed ${counted(passed, 'run')} that cannot start yet` : '';
  return `${places.join('; ')}${process}${others}`;
}
