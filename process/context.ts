import { NotFoundError } from '../docker/errors';
import { lookAt, type ProcessLife } from './lives';
import { createLogPlaces, type LogPlaces } from './log-reader';
import type { Machine } from './machine';
import type { ShimProgram } from './spawn-shim';

/** What the calls about local processes share. */
export interface Context {
  /** Where the folders of the processes lie. */
  folder: string;
  shim: ShimProgram;
  machine: Machine;
  places: LogPlaces;
  look(id: string): Promise<ProcessLife | null>;
  /** @throws {NotFoundError} where there is none. */
  find(id: string): Promise<ProcessLife>;
}

export function createContext({ folder, shim, machine }: Pick<Context, 'folder' | 'shim' | 'machine'>): Context {
  const look = (id: string): Promise<ProcessLife | null> => lookAt(folder, id);
  const find = async (id: string): Promise<ProcessLife> => {
    const life = await look(id);
    if (life === null) throw new NotFoundError(`there is no local process ${id}`);
    return life;
  };
  return { folder, shim, machine, places: createLogPlaces(), look, find };
}
