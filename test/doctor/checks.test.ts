import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createEngine } from '../../docker/dockerode-engine';
import type { EngineInfo } from '../../docker/engine';
import { checkApi } from '../../doctor/check-api';
import {
  checkClock,
  checkDriver,
  checkEngine,
  checkImages,
  checkLimits,
  checkLiveRestore,
  checkVersion,
} from '../../doctor/check-engine';
import { checkDataFolder, checkDisk, checkNode } from '../../doctor/check-machine';
import { checkTemporal } from '../../doctor/check-temporal';
import { TEST_DOCKER_HOST, TEST_IMAGE } from '../helpers/engine';

const folder = mkdtempSync(join(tmpdir(), 'trainyard-doctor-'));
const engine = createEngine(TEST_DOCKER_HOST);
let info: EngineInfo;
beforeAll(async () => {
  info = await engine.info();
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

describe('checks of the engine', () => {
  it('find the engine of this machine', async () => {
    const findings = await checkEngine(engine, TEST_DOCKER_HOST);
    expect(findings[0]).toMatchObject({
      what: 'Docker Engine',
      finding: expect.stringContaining(`Engine ${info.version}`),
    });
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['Live-restore', 'Limits', 'Storage driver', 'Clock']),
    );
  });

  it('fail with a mend where none answers', async () => {
    const nowhere = `unix://${folder}/none.sock`;
    const away = createEngine(nowhere);
    const findings = await checkEngine(away, nowhere);
    away.close();
    expect(findings).toEqual([
      {
        verdict: 'fail',
        what: 'Docker Engine',
        finding: expect.stringContaining(nowhere),
        mend: expect.stringContaining('DOCKER_HOST'),
      },
    ]);
  });

  it.each([
    ['1.43', 'ok'],
    ['1.100', 'ok'],
    ['2.0', 'ok'],
    ['1.42', 'warn'],
    ['1.9', 'warn'],
  ])('judge API %s as %s', (apiVersion, verdict) => {
    expect(checkVersion({ ...info, apiVersion }).verdict).toBe(verdict);
  });

  it('warn where a restart of the engine kills trainings, and name the setting', () => {
    expect(checkLiveRestore({ ...info, liveRestore: true }).verdict).toBe('ok');
    const off = checkLiveRestore({ ...info, liveRestore: false });
    expect(off.verdict).toBe('warn');
    expect(off.mend).toContain('daemon.json');
  });

  it('fail where containers cannot be held to their limits, but not for swap', () => {
    expect(checkLimits({ ...info, warnings: ['WARNING: No swap limit support'] }).verdict).toBe('ok');
    expect(checkLimits({ ...info, warnings: ['WARNING: No memory limit support'] }).verdict).toBe('fail');
    expect(checkLimits({ ...info, warnings: ['WARNING: No cpu cfs quota support'] }).verdict).toBe('fail');
  });

  it('warn of a driver that copies whole images', () => {
    expect(checkDriver({ ...info, storageDriver: 'overlay2' }).verdict).toBe('ok');
    expect(checkDriver({ ...info, storageDriver: 'vfs' }).verdict).toBe('warn');
  });

  it('warn of clocks that are apart, and say which is ahead', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(checkClock({ ...info, time: '2026-01-01T00:00:01Z' }, now).verdict).toBe('ok');
    expect(checkClock({ ...info, time: '2026-01-01T00:01:00Z' }, now).finding).toContain('60 s ahead of');
  });

  it('tell whether the images of recipes are there', async () => {
    const images = [
      { recipe: 'here', image: TEST_IMAGE },
      { recipe: 'missing', image: 'trainyard/no-such-image:1' },
    ];
    expect((await checkImages(engine, images)).map(({ verdict }) => verdict)).toEqual(['ok', 'warn']);
  });
});

describe('checks of this machine', () => {
  it('fail for a Node.js that is too old', () => {
    expect(['20.18.9', '20.19.0', '22.0.0', '18.20.0'].map((version) => checkNode(version).verdict)).toEqual([
      'fail',
      'ok',
      'ok',
      'fail',
    ]);
  });

  it('judge a data folder that is not there by the one it would be made in', () => {
    expect(checkDataFolder(join(folder, 'a', 'b'))).toMatchObject({
      verdict: 'ok',
      finding: expect.stringContaining('can be made'),
    });
    expect(checkDataFolder(folder)).toMatchObject({
      verdict: 'ok',
      finding: expect.stringContaining('can be written'),
    });
    expect(checkDisk('the data folder', join(folder, 'a')).finding).toContain('GiB free');
  });

  it('fail for a data folder whose place is a file', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(checkDataFolder(join(folder, 'file', 'data')).verdict).toBe('fail');
  });
});

describe('checks of the servers', () => {
  const place = { address: '127.0.0.1:9', namespace: 'default' };

  it('only warn of a Temporal that nobody named, since a server brings its own', async () => {
    expect(await checkTemporal({ ...place, named: false })).toMatchObject([{ verdict: 'warn' }]);
    expect(await checkTemporal({ ...place, named: true })).toMatchObject([{ verdict: 'fail' }]);
  });

  it('warn where no server answers, and say how to start one', async () => {
    expect(await checkApi('http://127.0.0.1:9')).toMatchObject([
      { verdict: 'warn', mend: expect.stringContaining('trainyard up') },
    ]);
  });
});
