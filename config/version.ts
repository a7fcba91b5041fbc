import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { installationFolder } from './installation';

/** Version of this Trainyard. */
export function readVersion(): string {
  const file = join(installationFolder(), 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
