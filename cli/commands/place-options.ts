import type { Command } from 'commander';

import { cpus, size, wholeFrom } from './arguments';
import { collect } from './context';

/** Options that say where, when and beside whom a run may have its place, and how large that is; for every command that submits one. */
export interface PlaceOptions {
  pool?: string;
  project?: string;
  owner?: string;
  priority?: number;
  preemptible?: boolean;
  nodes?: number;
  cpus?: number | string;
  memory?: string;
  gpus?: number;
  gpuModel?: string;
  gpuMemory?: string;
  host?: string;
  hostLabel?: string[];
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option('--pool <name>', 'pool of hosts whose queue it waits in')
    .option('--project <name>', 'project that it counts for')
    .option('--owner <name>', 'whose run it is (default: the user)')
    .option('--priority <number>', '0 to 100; more starts first (default: 50)', wholeFrom(0, 100))
    .option('--preemptible', 'a run of higher priority may end it; it goes back into the queue')
    .option('--nodes <number>', 'containers that start together, each with all that it asks for', wholeFrom(1, 64))
    .option('--cpus <number>', 'CPUs that it has, such as 2 or 500m (default: 1)', cpus)
    .option('--memory <size>', 'memory that it has, such as 4g (default: 2g)', size)
    .option('--gpus <number>', 'GPUs that it has for itself', wholeFrom(0, 64))
    .option('--gpu-model <text>', "part of the model's name, such as H100")
    .option('--gpu-memory <size>', 'least memory of each GPU, such as 40g', size)
    .option('--host <name>', 'the one host that may take it')
    .option('--host-label <name=value>', 'label that its host must have; repeatable', collect);
}
