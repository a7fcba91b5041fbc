import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createGpuDriver } from '../../host/gpu-driver';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();
const missing = (): string => join(scratch.path, 'no-such-file');
const written = (name: string, text: string): string => {
  const path = join(scratch.path, name);
  writeFileSync(path, text);
  return path;
};
const program = (text: string): string => {
  const path = written('nvidia-smi', `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

describe('the version of the GPU driver', () => {
  test.each([
    ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.129.06  Thu May 12 22:52:02 UTC 2022\n', '470.129.06'],
    [
      'NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  550.54.15  Release Build  (dvs-builder@U16)\nGCC version:  gcc version 12.3.0\n',
      '550.54.15',
    ],
  ])('is read from what the kernel says: %j', async (text, version) => {
    const touched = join(scratch.path, 'touched');
    const driver = createGpuDriver(written('version', text), [program(`touch ${touched}`)]);

    expect(await driver()).toBe(version);
    expect(existsSync(touched)).toBe(false);
  });

  test('is what nvidia-smi says where the kernel does not, which is run once', async () => {
    const count = join(scratch.path, 'count');
    const driver = createGpuDriver(missing(), [program(`echo x >> ${count}; echo 535.129.03; echo 535.129.03`)]);

    expect([await driver(), await driver()]).toEqual(['535.129.03', '535.129.03']);
    expect(readFileSync(count, 'utf8')).toBe('x\n');
  });

  test('is not there where neither is, or where nvidia-smi finds no driver', async () => {
    const failing = program(
      'echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver"; exit 9',
    );

    expect(await createGpuDriver(missing(), [missing()])()).toBeNull();
    expect(await createGpuDriver(missing(), [failing])()).toBeNull();
    expect(await createGpuDriver(written('strange', 'nothing of the kind\n'), [missing()])()).toBeNull();
  });
});
