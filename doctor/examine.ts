import { hostname } from 'node:os';

import { loadConfig } from '../config/load';
import { loadRecipes } from '../config/load-recipes';
import { createEngine } from '../docker/dockerode-engine';
import { createGpuInventory } from '../host/gpu-inventory';
import { examineMachine } from '../process/machine';
import { checkApi } from './check-api';
import { checkEngine, checkImages } from './check-engine';
import { checkFallback } from './check-fallback';
import { checkGpus } from './check-gpus';
import { checkDataFolder, checkDisk, checkNode } from './check-machine';
import { checkTemporal } from './check-temporal';
import { type Finding } from './finding';

export interface Examination {
  env: NodeJS.ProcessEnv;
  serverUrl: string;
  /** Data folder to look at; default: that of the settings. */
  data: string | undefined;
}

/** Looks at everything that runs depend on, and changes nothing. */
export async function examine({ env, serverUrl, data }: Examination): Promise<Finding[]> {
  const config = loadConfig({ env, hostname: hostname() });
  const folder = data ?? config.data;
  const { address, namespace } = config.temporal;
  const engine = createEngine(config.host.dockerHost);
  try {
    const inventory = createGpuInventory(config.host.gpuCommand);
    const [ofEngine, ofTemporal, ofApi, ofGpus] = await Promise.all([
      checkEngine(engine, config.host.dockerHost),
      checkTemporal({ address, namespace, named: Boolean(env['TEMPORAL_ADDRESS']) }),
      checkApi(serverUrl),
      checkGpus({ host: config.host, inventory, path: env['PATH'] ?? '' }),
    ]);
    const recipes = [...loadRecipes(config.recipes)].map(([recipe, { spec }]) => ({ recipe, image: spec.image }));
    const ofImages = ofEngine.length > 1 ? await checkImages(engine, recipes) : [];
    return [
      checkNode(process.versions.node),
      ...ofEngine,
      ...ofImages,
      ...ofGpus,
      ...checkFallback(config.host, examineMachine()),
      ...ofTemporal,
      checkDataFolder(folder),
      checkDisk('the data folder', folder),
      ...ofApi,
    ];
  } finally {
    engine.close();
  }
}
