import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findTemporalBinary } from '../../server/temporal-binary';

const folder = mkdtempSync(join(tmpdir(), 'trainyard-binary-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(path: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o755);
  return file;
}

describe('findTemporalBinary', () => {
  const named = program('named/temporal');
  const onPath = program('path/temporal');
  const remembered = program('with space/temporal');
  const cached = program('cache/bin/temporal');
  writeFileSync(join(folder, 'cache', 'env'), `OTHER=x\nTRAINYARD_TEMPORAL_BIN=${remembered.replace(' ', '\\ ')}\n`);

  it('takes the one that is named before the one on PATH', () => {
    const env = { TRAINYARD_TEMPORAL_BIN: named, PATH: `/nowhere:${join(folder, 'path')}` };
    expect(findTemporalBinary(env)).toBe(named);
    expect(findTemporalBinary({ ...env, TRAINYARD_TEMPORAL_BIN: undefined })).toBe(onPath);
  });

  it('takes the one that the bootstrap wrote down, then the one in its cache', () => {
    const env = { PATH: '/nowhere', TRAINYARD_CACHE: join(folder, 'cache') };
    expect(findTemporalBinary(env)).toBe(remembered);
    rmSync(remembered);
    expect(findTemporalBinary(env)).toBe(cached);
  });

  it('says what to do where there is none', () => {
    expect(() => findTemporalBinary({ PATH: '/nowhere', TRAINYARD_CACHE: '/nowhere' })).toThrow(
      'No Temporal server was found; run script/bootstrap',
    );
  });
});
