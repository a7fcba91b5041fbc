import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lockDataFolder } from '../../store/data-lock';
import { runCli } from '../helpers/server';
import { temporalBinary } from '../helpers/temporal';

const folder = mkdtempSync(join(tmpdir(), 'trainyard-start-'));
let other: Server;
let taken: string;

beforeAll(async () => {
  other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  taken = String((other.address() as AddressInfo).port);
});

afterAll(() => {
  other.close();
  rmSync(folder, { recursive: true });
});

/** What `trainyard up` says where it cannot start; every port is free unless an argument says otherwise. */
async function refusedStart(...args: string[]): Promise<string> {
  const ports = ['--port', '0', '--temporal-port', '0', '--ui-port', '0'];
  const { code, out, err } = await runCli(['up', '--data', join(folder, 'data'), ...ports, ...args], {
    TRAINYARD_TEMPORAL_BIN: temporalBinary(),
    TEMPORAL_ADDRESS: '',
  });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  return err;
}

describe('trainyard up', () => {
  it.each([
    ['--port', 'the API'],
    ['--temporal-port', 'Temporal'],
    ['--ui-port', "Temporal's web UI"],
  ])('names a taken port of %s in one sentence', async (option, use) => {
    expect(await refusedStart(option, taken)).toBe(
      `error: Port ${taken} for ${use} is in use by another program; stop that program or choose another port with ${option}.\n`,
    );
  });

  it('refuses a data folder that another server has', async () => {
    const lock = lockDataFolder(join(folder, 'shared'), 'server');
    try {
      const said = await refusedStart('--data', join(folder, 'shared'));
      expect(said).toMatch(/^error: .*is in use by another Trainyard server, process \d+; .*choose another.*\n$/);
      expect(said).toContain(String(process.pid));
    } finally {
      lock.release();
    }
  });

  it('refuses a data folder that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await refusedStart('--data', join(folder, 'file', 'data'))).toMatch(
      /^error: .*file\/data .*; choose another path\n$/,
    );
  });

  it('refuses settings that are none, and says which', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'api: { prot: 8000 }\n');
    expect(await refusedStart('--config', join(folder, 'bad.yaml'))).toMatch(/^error: .*bad\.yaml: .*prot/s);
  });
});
