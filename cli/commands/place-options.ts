import type { Command } from 'commander';

import { wholeFrom } from './arguments';
import { collect } from './context';

/** Options that say where, when and beside whom a run may have its place; for every command that submits one. */
export interface PlaceOptions {
  pool?: string;
  project?: string;
  owner?: string;
  priority?: number;
  preemptible?: boolean;
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
    .option('--gpus <number>', 'GPUs that it has for itself', wholeFrom(0))
    .option('--gpu-model <text>', "part of the model's name, such as H100")
    .option('--gpu-memory <size>', 'least memory of each GPU, such as 40g')
    .option('--host <name>', 'the one host that may take it')
    .option('--host-label <name=value>', 'label that its host must have; repeatable', collect);
}
