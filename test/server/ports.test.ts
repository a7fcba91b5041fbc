import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { choosePorts } from '../../server/ports';
import { until } from '../helpers/until';

const API = { use: 'the API', option: '--port' };

describe('choosePorts', () => {
  it('takes free ports for 0, never the same twice', async () => {
    const ports = await choosePorts(
      '127.0.0.1',
      Array.from({ length: 20 }, () => ({ ...API, port: 0 })),
    );
    expect(new Set(ports).size).toBe(20);
    expect(ports.every((port) => port > 0)).toBe(true);
  });

  it('leaves the ports free that it chose', async () => {
    // Another program of this machine may be given one in between.
    await until(async () => {
      const [port = 0] = await choosePorts('127.0.0.1', [{ ...API, port: 0 }]);
      expect(await choosePorts('127.0.0.1', [{ ...API, port }])).toEqual([port]);
      return true;
    });
  });

  it('names a port in use, what it is for, and the option that chooses another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await expect(choosePorts('127.0.0.1', [{ ...API, port }])).rejects.toThrow(
        `Port ${port} for the API is in use by another program; stop that program or choose another port with --port.`,
      );
    } finally {
      other.close();
    }
  });
});
