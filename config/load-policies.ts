import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Fault } from '../contract/fault';
import { PolicyFileSchema, type PolicyFile } from '../contract/named-policy';
import { faultsOfNamedPolicy } from '../contract/validate-named-policy';
import { ConfigError, type ConfigFault } from './config-error';
import { readYamlFile } from './yaml-file';

/** A named policy, and the file that it is kept in. */
export interface PolicyInFile extends PolicyFile {
  file: string;
}

const ENDING = '.yaml';

/**
 * The named policies of a folder, by name: each is a file of its own, `<name>.yaml`. What begins with a dot or an
 * underscore, and what is neither YAML nor JSON, is left out.
 *
 * @throws {ConfigError} with every fault of every file at once.
 */
export function loadPolicies(folder: string): PolicyInFile[] {
  const faults: ConfigFault[] = [];
  const policies = policyFiles(folder).flatMap((fileName): PolicyInFile[] => {
    const file = join(folder, fileName);
    const { policy, faults: own } = readPolicy(file, fileName);
    faults.push(...own.map((fault) => ({ source: file, ...fault })));
    return policy === undefined ? [] : [{ ...policy, file }];
  });
  if (faults.length > 0) throw new ConfigError(faults, 'The policies');
  return policies;
}

function policyFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[^._].*[.](ya?ml|json)$/.test(name))
      .toSorted();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = `cannot be read (${code}); name the folder of the policies in TRAINYARD_POLICIES`;
    throw new ConfigError([{ source: folder, path: '', message }], 'The policies');
  }
}

function readPolicy(file: string, fileName: string): { policy?: PolicyFile; faults: Fault[] } {
  if (!fileName.endsWith(ENDING)) {
    return {
      faults: [{ path: '', message: `is not read: the name of a policy's file ends in "${ENDING}"; rename it` }],
    };
  }
  const read = readYamlFile(file);
  if (read.problem !== undefined) return { faults: [{ path: '', message: read.problem }] };
  const faults = faultsOfNamedPolicy(PolicyFileSchema, read.value);
  if (faults.length > 0) return { faults };
  const policy = read.value as PolicyFile;
  const expected = fileName.slice(0, -ENDING.length);
  if (policy.name === expected) return { policy, faults };
  const message = `must be the name of its file, "${expected}"; got "${policy.name}"`;
  return { faults: [{ path: 'name', message }] };
}
