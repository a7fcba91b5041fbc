import { resolve, sep } from 'node:path';

/** True where the path is the folder or lies in it. Neither is looked up on disk. */
export function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [resolve(path), resolve(folder)];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/** What the host keeps for a run outside its container, below the data folder. */
export interface RunPaths {
  /** The parameters, as the container reads them. */
  params: string;
  /** What the run leaves behind; kept. */
  artifacts: string;
  /** Where its checkpoints lie, where its spec asks for a folder for them; they outlast its attempts. */
  checkpoints: string;
}

/** The same for an attempt: a node of a gang has its parameters for itself, and shares the rest. */
export function attemptPaths(dataFolder: string, { runId, gang }: { runId: string; gang?: { of: string } }): RunPaths {
  const { params } = runPaths(dataFolder, runId);
  return { ...runPaths(dataFolder, gang?.of ?? runId), params };
}

export function runPaths(dataFolder: string, runId: string): RunPaths {
  return {
    params: resolve(dataFolder, 'params', `${runId}.json`),
    artifacts: resolve(dataFolder, 'artifacts', runId),
    checkpoints: resolve(dataFolder, 'checkpoints', runId),
  };
}
