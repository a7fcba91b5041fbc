import { dirname } from 'node:path';

import { startOwnEngine } from '../helpers/own-engine';

/** Starts an engine, tells where it is, and waits for its end. */
async function main(): Promise<void> {
  const { socket } = await startOwnEngine({ images: [] });
  process.send?.(dirname(socket));
}

void main();
